"""Changes of what runs: what differs, whether it needs a restart, and which pod may restart now.

content    what of a spec reaches running pods, as a revision keeps it
diff       two contents against each other: nothing, live, or a restart with its reasons
target     which revision is to run: the spec's, or another after an undo
revisions  the history
standing   one workload against the target
template   a workload as it stands: what its template starts pods for, and whom it reaches
told       what pods were told live since they started
requests   restarts that users ask for
course     all groups of a cluster: who may begin
turn       one group's steps
servers    name servers
"""
