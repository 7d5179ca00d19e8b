"""The cell of our contender: the lab, noting when it does what.

It says in its HTML for how many points of the drawing each side's bars are, so that the page can
tell when bars that know of a point are painted. Clocks of kernel and page are the same machine's.
"""

import time

from IPython.display import display

from mnist_nb import Lab
from mnist_nb.lab.pad import DigitPad

came: list[float] = []  # when the pad had handled each point of the drawing, seconds since 1970
made: list[tuple[int, float, float]] = []  # local bars: for how many points, begun, sent
begun = 0.0


def note_begin(changed):
    def noting(self):
        global begun
        begun = time.time()
        changed(self)

    return noting


class NotingLab(Lab):
    points, asked = 0, {}

    def _drawn(self, pad):
        self.points = sum(len(stroke) for stroke in pad.drawing.strokes)
        if not self.points:
            self.asked = {}  # answers to an earlier drawing do not count
            came.clear()
            made.clear()
        super()._drawn(pad)
        if self._question is not None:
            self.asked[id(self._question)] = (self._question, self.points)

    def _show_bars(self):
        edge = self.asked.get(id(self._live.news.question), (None, 0))[1]
        with self.answers.hold_sync():
            super()._show_bars()
            counts = f'<i class="counts" data-local="{self.points}" data-edge="{edge}"></i>'
            self.answers.value = counts + self.answers.value
        made.append((self.points, begun, time.time()))


DigitPad._changed = note_begin(DigitPad._changed)
lab = NotingLab()
# Called after the pad's own handlers; the mouse is down when a point is noted.
lab.pad.canvas.on_mouse_down(lambda x, y: came.append(time.time()))
lab.pad.canvas.on_mouse_move(lambda x, y: came.append(time.time()) if lab.pad._stroke else None)
display(lab)
