"""`python setup.py build_ext --inplace`, for those who want it: the same CMakeLists.txt through scikit-build-core."""

from setuptools import setup

setup()
