"""Evidence bundles as their enemies would bend them.

A Bundle is a dict of names and bytes; `resum` and `resign` make good again
what covers the change, as somebody would who has the tools, or the key.
"""

import hashlib
import json
import pathlib
import shutil
import subprocess

LAST = ["SHA256SUMS", "manifest.json", "manifest.json.p7s",
        "manifest.json.tsr"]


class Bundle(dict):
    @classmethod
    def read(cls, folder):
        folder = pathlib.Path(folder)
        return cls((str(p.relative_to(folder)), p.read_bytes())
                   for p in sorted(folder.rglob("*")) if p.is_file())

    def copy(self):
        return Bundle(self)

    def write(self, folder):
        shutil.rmtree(folder, ignore_errors=True)
        for name, data in self.items():
            path = pathlib.Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return folder

    def flip(self, name, at, bit=0x01):
        data = bytearray(self[name])
        data[at] ^= bit
        self[name] = bytes(data)
        return self

    # -- making good what covers a change --------------------------------

    def resum(self):
        """New sums, a manifest that names them: no key is needed."""
        covered = sorted(n for n in self
                         if n not in LAST and n != "SHA256SUMS.sealed")
        sums = "".join(f"{hashlib.sha256(self[n]).hexdigest()}  {n}\n"
                       for n in covered).encode()
        self["SHA256SUMS"] = sums
        manifest = json.loads(self["manifest.json"])
        digest = hashlib.sha256(sums).hexdigest()
        manifest |= {"sums": digest, "id": digest[:32],
                     "files": len(covered)}
        return self.put_manifest(manifest)

    def put_manifest(self, manifest):
        self["manifest.json"] = json.dumps(
            manifest, sort_keys=True, separators=(",", ":")).encode()
        return self.reseal()

    def reseal(self):
        self["SHA256SUMS.sealed"] = "".join(
            f"{hashlib.sha256(self[n]).hexdigest()}  {n}\n"
            for n in LAST if n in self).encode()
        return self

    def resign(self, key, chain, tsa=None, name="manifest.json"):
        """Signed anew by whoever has that key."""
        work = pathlib.Path(chain).parent / "resign"
        work.write_bytes(self[name])
        done = subprocess.run(
            ["openssl", "cms", "-sign", "-binary", "-cades", "-md", "sha256",
             "-outform", "DER", "-signer", chain,
             "-inkey", key, "-in", work], capture_output=True, check=True)
        self[f"{name}.p7s"] = done.stdout
        self.pop(f"{name}.tsr", None)
        if tsa:
            self[f"{name}.tsr"] = tsa.stamp(done.stdout)
        return self.reseal()
