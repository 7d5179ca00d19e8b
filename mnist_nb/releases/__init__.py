"""Which weights the edge serves: files and a pointer in an R2 bucket."""

from mnist_nb.releases.bucket import BucketSettings, warm_up
from mnist_nb.releases.release import Release, megabytes
from mnist_nb.releases.releases import Releases

__all__ = ["BucketSettings", "Release", "Releases", "megabytes", "warm_up"]
