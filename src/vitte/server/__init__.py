"""The resident server: a process that has the compiler loaded and forks a child for each command.

    vitte build ... --client--> socket --service--> fork --child--> vitte.cli, in the client's place
                                                                    descriptors, folder, environment, limits

`protocol`, `client` and what they use import nothing of the compiler and next to nothing else: every command pays for them.
`service`, `child` and `preload` stand above `vitte.cli`, whose code they run. A command gives the same bytes and status with and
without a server, because it is the same code in the same surroundings; where that cannot be, the client does the work itself, as
it does whenever anything is wrong.
"""
