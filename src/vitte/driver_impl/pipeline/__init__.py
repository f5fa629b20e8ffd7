"""From sources to an image.

    build       one build: is there anything to do, and if so what, in order
    plan        whole builds remembered          keeps     where things are kept      goals    how far a build goes
    graph       which units there are            whole     all units, finished        schedule in which order and process
    units       one unit: remembered or compiled explain   why it was compiled        inspect  what is known of it
    compile     stages 1 to 9 for one unit       stages    the table of stages        verify   the cache against the compiler
    link, image objects to a program             emit      what is between stages, as text
"""
