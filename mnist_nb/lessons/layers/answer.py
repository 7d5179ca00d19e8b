"""The whole network at a glance: the drawing, what each layer makes of it in size, the answer."""

from html import escape
from math import prod

from mnist_nb.lessons.layers.bars import probability_rows, says
from mnist_nb.lessons.layers.pictures import grey_uri, img
from mnist_nb.lessons.layers.subject import Look
from mnist_nb.lessons.layers.view import View
from mnist_nb.network import Conv2d, Flatten, Linear

SAMPLE_NOTE = '<p class="mn-note">Nothing is drawn yet: this is a sample. Draw on the pad.</p>'


class Answer(View):
    """What the network says of the drawing, and the way there in numbers."""

    title = "the drawing and the answer"

    def html(self) -> str:
        """Return the bars, and the sizes of what flows through the network."""
        look = self.subject.look
        network = look.network
        head = says(look.probabilities, network.labels, network.not_sure_below)
        bars = probability_rows(look.probabilities, network.labels, "Probability of each digit")
        return (
            f'{note(look)}<p class="mn-head">The network {head}</p>'
            f'<div class="mn-row"><div class="mn-wide">{bars}</div>{_way(look)}</div>'
        )


def note(look: Look) -> str:
    """Return a remark when a sample stands in for a drawing."""
    return SAMPLE_NOTE if look.is_sample else ""


def _way(look: Look) -> str:
    """The sizes after each layer that changes them."""
    seen = img(grey_uri(look.image), "What the network sees, 28 × 28 pixels", 56, 56)
    steps = [f"<li>{seen}<span>28 × 28 = 784 bytes</span></li>"]
    convs = 0
    linears = 0
    for layer, output in zip(look.layers.layers, look.outputs[1:], strict=True):
        shape = " × ".join(map(str, output.shape))
        if isinstance(layer, Conv2d):
            convs += 1
            what = f"{convs}. convolution: {shape} = {prod(output.shape):,}"
        elif isinstance(layer, Flatten):
            what = f"in one row: {prod(output.shape):,} numbers"
        elif isinstance(layer, Linear):
            linears += 1
            what = f"{linears}. linear layer: {shape} numbers"
        else:
            continue
        steps.append(f"<li>{escape(what)}</li>")
    steps.append("<li>softmax: 10 probabilities</li>")
    return f'<ol class="mn-way" aria-label="The way through the network">{"".join(steps)}</ol>'
