#!python
"""The command `mtcnn` of a package that was built with LibTorch."""

from libmtcnn.program import main

main()
