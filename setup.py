"""Adds the scripts beside the package to it when it is installed, as `anime_gan.scripts`.

As modules of their own, `evaluate` and `models` would shadow packages of the same names.
"""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["anime_gan*"]), "anime_gan.scripts"],
    package_dir={"anime_gan.scripts": "."},
)
