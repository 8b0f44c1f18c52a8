"""One line on one laptop: the program as a process, its carriers, its phones, and the scripts played on them."""
