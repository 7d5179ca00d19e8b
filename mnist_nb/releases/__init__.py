"""Which weights the edge serves: files and a pointer in an R2 bucket."""

from mnist_nb.releases.bucket import BucketSettings, warm_up
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
    "warm_up",
]
