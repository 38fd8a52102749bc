"""A sealed journal: an authority, a key that seals, and where it all goes."""

from .authority import Authority, TimeStampAuthority


class Seals:
    """Adds the section `seal` to the settings of an Avis."""

    def __init__(self, place, avis, **settings):
        self.place = place
        self.avis = avis
        self.tsa = TimeStampAuthority(place)
        self.ca = Authority(place, "seal-ca")
        self.key, self.certificate = self.ca.certify("avis seal", "seal")
        self.chain = place.folder("seal-ca") / "chain.pem"
        self.use(self.certificate, self.ca)
        self.folder = place.path / "seals"
        self.settings = {
            "folder": str(self.folder),
            "requests": str(place.folder("seal-requests")),
            "key": str(self.key), "certificate": str(self.chain),
            "authority": self.tsa.url,
            "authority_ca": str(self.tsa.root), **settings}
        self.write()

    def use(self, certificate, authority):
        self.chain.write_bytes(certificate.read_bytes()
                               + authority.root.read_bytes())

    def write(self):
        self.avis.settings["seal"] = self.settings
        self.avis.write()

    def run(self, *words, check=True):
        return self.avis.run("seal", *words, check=check)

    def heads(self, writer="mail.milter"):
        """The heads of a writer, in order."""
        return sorted((self.folder / writer).glob("*.json"))

    def close(self):
        self.tsa.close()
