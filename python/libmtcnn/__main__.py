"""`python -m libmtcnn VERB …` is the program `mtcnn`."""

from libmtcnn.program import main

main()
