"""The R2 bucket: files of weights, the pointer to those the edge serves, drawings of a class."""

from mnist_nb.releases.bucket import BucketSettings, warm_up
from mnist_nb.releases.drawings import read_drawings
from mnist_nb.releases.release import Proposal, Release, megabytes
from mnist_nb.releases.releases import Releases
from mnist_nb.releases.trail import Note
from mnist_nb.releases.trials import Trial

__all__ = [
    "BucketSettings",
    "Note",
    "Proposal",
    "Release",
    "Releases",
    "Trial",
    "megabytes",
    "read_drawings",
    "warm_up",
]
