"""Train a network step by step, and go on where it was stopped."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

PRECISE = 0.95  # of the steps done, it goes on in float32: before, bfloat16 is twice as fast


def fit(
    net: nn.Module,
    losses: Callable[[torch.Generator], Iterator[Tensor]],
    steps: int,
    rate: float,
    decay: float,
    kept: Path,
) -> Iterator[Any]:
    """Train a network; after each epoch yield the average of its last states.

    Args:
        net: is trained in place.
        losses: yields the loss of each batch of an epoch.
        steps: so many batches in all; then it ends.
        rate: the highest learning rate; it comes after a tenth of the steps.
        decay: how much of the average stays at each step.
        kept: the state after the last epoch; training goes on from there.
    """
    average = torch.optim.swa_utils.AveragedModel(
        net, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(decay), use_buffers=True
    )
    optimizer = torch.optim.AdamW(net.parameters(), lr=rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, steps, pct_start=0.1)
    parts = {"net": net, "average": average, "optimizer": optimizer, "schedule": schedule}
    done, epoch = 0, 0
    if kept.is_file():
        state = torch.load(kept)
        done, epoch = state["done"], state["epoch"]
        for name, part in parts.items():
            part.load_state_dict(state[name])
    if done == steps:
        yield average.module
    while done < steps:
        net.train()
        batches = losses(torch.Generator().manual_seed(1000 * epoch + torch.initial_seed() % 1000))
        while True:
            with torch.autocast("cpu", torch.bfloat16, enabled=done < PRECISE * steps):
                loss = next(batches, None)
            if loss is None or done == steps:
                break
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
            average.update_parameters(net)
            done += 1
        epoch += 1
        state = {name: part.state_dict() for name, part in parts.items()}
        torch.save(state | {"done": done, "epoch": epoch}, kept.with_suffix(".part"))
        kept.with_suffix(".part").replace(kept)
        yield average.module
