#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

/*
 * The subcommands of avis(1), one file each. argv[0] is the subcommand's
 * name. What they return is the exit code.
 */
#define EXIT_DONE    0 /* done, nothing wrong */
#define EXIT_PROBLEM 1 /* found a problem */
#define EXIT_USAGE   2 /* wrong use; nothing was done */

int archive_command(int argc, char **argv);
int check_command(int argc, char **argv);
int consent_command(int argc, char **argv);
int doctor_command(int argc, char **argv);
int hook_command(int argc, char **argv);
int hold_command(int argc, char **argv);
int journal_command(int argc, char **argv);
int key_command(int argc, char **argv);
int maillog_command(int argc, char **argv);
int proof_command(int argc, char **argv);
int release_command(int argc, char **argv);
int report_command(int argc, char **argv);
int rights_command(int argc, char **argv);
int seal_command(int argc, char **argv);
int stats_command(int argc, char **argv);
int suppress_command(int argc, char **argv);
int try_command(int argc, char **argv);
int verify_command(int argc, char **argv);

#endif
