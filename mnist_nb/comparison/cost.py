"""What a number of images at the edge takes and costs: the arithmetic of docs/scale.md.

The numbers that are this project's are measured or upper estimates, the prices are Cloudflare's;
the page has both with their sources. `python -m tests.support.scale` writes its tables.
"""

import math
from dataclasses import dataclass

DAY, DAYS = 86_400, 30  # seconds of a day, days of a month

# Ours. Times in ms.
KERNEL_MS = 0.2  # CPU for one image in the kernel
OBJECT_MS = 0.1  # CPU of the Durable Object for one request, beside the kernel
WORKER_MS = 0.5  # CPU of the Worker for one request: routes, token, body, answer, log
LOOK_MS = 50  # a Durable Object waits so long for R2 when it looks at the pointer
TTL_SECONDS = 5  # MODEL_TTL_SECONDS: an object in use looks so often
REGIONS = 11  # with traffic: as many as Cloudflare has location hints
BUSIEST = 0.3  # share of the requests that the busiest region has
PEAK = 3  # the busiest second of a day against the mean
USED = 0.5  # how far an object is filled at that peak

# Cloudflare's limits and prices in dollars; the page names the sources.
OBJECT_REQUESTS = 1000  # a second for one Durable Object (a soft limit)
OBJECT_GB = 0.128  # memory that each second of a Durable Object is billed for
FREE_REQUESTS = 100_000  # a day, of the Worker and of Durable Objects each
FREE_CPU_MS = 10  # of one invocation
FREE_GB_SECONDS = 13_000  # a day
FREE_R2_READS = 10e6  # a month, on both plans
PLAN = 5.0  # a month


@dataclass(frozen=True)
class Price:
    """So much is included in a month, and each further million costs so much."""

    included: float
    per_million: float

    def of(self, amount: float) -> float:
        """Dollars for so much in a month."""
        return max(0.0, amount - self.included) / 1e6 * self.per_million


WORKER_REQUESTS = Price(10e6, 0.30)
WORKER_CPU_MS = Price(30e6, 0.02)
DURABLE_REQUESTS = Price(1e6, 0.15)
GB_SECONDS = Price(400e3, 12.50)
R2_READS = Price(FREE_R2_READS, 0.36)


def request_price() -> float:
    """Dollars for a million requests, beyond what is included and without their images."""
    cpu, time = WORKER_MS * WORKER_CPU_MS.per_million, OBJECT_MS * _OBJECT_MS_PRICE
    return WORKER_REQUESTS.per_million + DURABLE_REQUESTS.per_million + cpu + time


def image_price() -> float:
    """Dollars for a million images in requests that are paid for."""
    return KERNEL_MS * _OBJECT_MS_PRICE


_OBJECT_MS_PRICE = OBJECT_GB / 1000 * GB_SECONDS.per_million  # a ms in each of a million requests


@dataclass(frozen=True)
class Load:
    """So many images a day, so many of them in one request."""

    images: float
    batch: int

    @property
    def requests(self) -> float:
        """A day, to the Worker, and as many to Durable Objects."""
        return math.ceil(self.images / self.batch)

    @property
    def object_ms(self) -> float:
        """CPU of the Durable Object for one request."""
        return OBJECT_MS + min(self.batch, self.images) * KERNEL_MS

    @property
    def shards(self) -> int:
        """Durable Objects that the busiest region needs; the setting SHARDS."""
        peak = self.requests / DAY * PEAK * BUSIEST  # requests a second
        can = USED * min(OBJECT_REQUESTS, 1000 / self.object_ms)
        return max(1, math.ceil(peak / can))

    @property
    def objects(self) -> int:
        """Durable Objects in all."""
        return self.shards * REGIONS

    @property
    def looks(self) -> float:
        """A day, at the pointer in R2: not more than requests, and than the clock allows."""
        return min(self.requests, self.objects * DAY / TTL_SECONDS)

    @property
    def gb_seconds(self) -> float:
        """A day, of objects that work or wait for R2; idle ones are not billed."""
        busy_ms = self.requests * self.object_ms + self.looks * LOOK_MS
        return busy_ms / 1000 * OBJECT_GB

    def costs(self) -> dict[str, float]:
        """A month on the Paid plan, in dollars."""
        month = DAYS
        return {
            "plan": PLAN,
            "Worker requests": WORKER_REQUESTS.of(self.requests * month),
            "Worker CPU": WORKER_CPU_MS.of(self.requests * WORKER_MS * month),
            "object requests": DURABLE_REQUESTS.of(self.requests * month),
            "object time": GB_SECONDS.of(self.gb_seconds * month),
            "R2": R2_READS.of(self.looks * month),
        }

    def free(self) -> str:
        """What the Free plan says to it."""
        if self.requests > FREE_REQUESTS:
            return "no: requests"
        if max(self.object_ms, WORKER_MS) > FREE_CPU_MS:
            return "no: CPU of a request"
        if self.gb_seconds > FREE_GB_SECONDS or self.looks * DAYS > FREE_R2_READS:
            return "no: object time"
        return "$0"
