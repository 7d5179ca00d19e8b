"""Knowing when not to know: the largest probability against the threshold of the weights file."""

from collections.abc import Callable

from mnist_nb.drawing import Drawing
from mnist_nb.lessons.layers.answer import note
from mnist_nb.lessons.layers.bars import probability_rows
from mnist_nb.lessons.layers.subject import Subject
from mnist_nb.lessons.layers.view import View, button
from mnist_nb.network import is_sure, percent

SCRIBBLE = [[(60, 60), (220, 200), (50, 190), (240, 90), (90, 240), (150, 30), (200, 250)]]
LETTER = [[(80, 230), (84, 50)], [(82, 56), (150, 60), (168, 92), (148, 126), (86, 134)],
          [(110, 136), (190, 232)]]  # fmt: skip


class Doubt(View):
    """The ten probabilities with the threshold below which the answer is "not sure"."""

    title = "when the network is not sure"

    def __init__(self, subject: Subject) -> None:
        pad, guard = subject.pad, subject.pad.status.guard

        def shows(strokes: list[list[tuple[int, int]]]) -> Callable[[], None]:
            return guard(lambda: setattr(pad, "drawing", Drawing(strokes)))

        controls = [
            button("A scribble", "Draw a scribble on the pad", shows(SCRIBBLE)),
            button("The letter R", "Draw the letter R on the pad", shows(LETTER)),
        ]
        super().__init__(subject, controls)

    def html(self) -> str:
        """Return the bars, the threshold as a line, and what follows from them."""
        look, network = self.subject.look, self.subject.network
        threshold, best = network.not_sure_below, float(look.probabilities.max())
        if threshold is None:
            verdict = "This weights file has no threshold: it always claims to be sure."
        else:
            sure = is_sure(look.probabilities, threshold)
            relation, so = ("reaches", "sure") if sure else ("is below", "not sure")
            verdict = (
                f"The largest probability, <strong>{percent(best)}</strong>, {relation} the "
                f"threshold {percent(threshold)}: the network is <strong>{so}</strong>."
            )
        bars = probability_rows(
            look.probabilities, network.labels, "Probabilities; the line is the threshold",
            threshold,
        )  # fmt: skip
        return f'{note(look)}<p class="mn-sum">{verdict}</p><div class="mn-wide">{bars}</div>'
