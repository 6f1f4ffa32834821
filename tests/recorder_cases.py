"""What foreign_trace_test runs: FILE is recorded with a picture, FILE.least with the least, and what
lvrtrace must refuse is tried. Nothing here needs torch."""

import os
import sys

import numpy

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "resources", "python"))
import lvrtrace

FILE = sys.argv[1]
WIDTH = 6
rows = numpy.random.default_rng(3).normal(size=(16, WIDTH)).astype(numpy.float32)
picture = numpy.arange(4 * 4 * 3, dtype=numpy.uint8).reshape(4, 4, 3)
seen = dict(images=[picture], grids=[(1, 4, 4)], image_tokens=rows[:4])


class Tensor:
    """As much of torch's as is asked for."""

    def __init__(self, values):
        self.values = values

    def detach(self):
        return self

    float = cpu = detach

    def numpy(self):
        return self.values


def record(file):
    with lvrtrace.Recorder(file, question="Which?", model="tiny", expected_answer="blue",
                           regions=[(0, 0, 0.5, 0.5)], options={"exit": "fixed:3"},
                           **seen) as recorder:
        recorder.token(1, 0.5, Tensor(rows[4]), text="<start>")
        for i in range(3):
            recorder.latent(Tensor(rows[5 + i]), shadow_id=9, end_probability=0.1 * i, text="x")
        recorder.token(2, 0.25, rows[8], text="<answer> blue ")
        recorder.token(3, 0.75, rows[9], text="</answer>")


def least(file):
    with lvrtrace.Recorder(file) as recorder:
        recorder.latent(rows[0])
        recorder.latent([1.0, 2, 3, 4, 5, 6])
        recorder.token(7)


def refused(name, act):
    try:
        act()
    except lvrtrace.RecordError as error:
        sentence = str(error)
        if name not in sentence or "\n" in sentence or sentence.endswith("."):
            sys.exit(f"{name} is not in one sentence: {sentence}")
        return
    sys.exit(f"{name} was taken")


# As core/eval/answer has it; the test asks both.
ANSWERS = ["all", " all \n", "<answer> a </answer> b", "<answer>a</answer><answer>b", "<answer>a",
           "<answer>a<answer>b</answer>c", "<answer>a</answer><answer>b</answer>",
           "<think><answer>a</answer></think>b", "<think>a</think> ", "<reason>a</reason>b</think>c",
           "</think>a</think><answer>b</answer", "a<lvr>b", "<|lvr_start|><|lvr|><|lvr_end|>a",
           "<answer>\\boxed{a}</answer>", "\\boxed{a}", "\u00a0<answer>\u00a0a</answer>", ""]


def answers(file):
    for i, text in enumerate(ANSWERS):
        with lvrtrace.Recorder(f"{file}.answer-{i}") as recorder:
            recorder.token(1, text=text)


def recorder(**more):
    return lvrtrace.Recorder(FILE + ".no", **more)


def recorded(**more):
    one = recorder(**more)
    one.latent(rows[0])
    return one


def with_token(**more):
    one = recorder()
    one.token(1, **more)
    return one


record(FILE)
least(FILE + ".least")
answers(FILE)

refused("grids", lambda: recorder(images=[picture], image_tokens=rows[:4]))
refused("merge_size", lambda: recorder(images=[picture], grids=[(1, 4, 4)], image_tokens=rows[:5]))
refused("1 grids for 2 images", lambda: recorder(images=[picture] * 2, grids=[(2, 2)]))
refused("videos", lambda: recorder(images=[picture], grids=[(2, 4, 4)]))
refused("images[0]", lambda: recorder(images=[rows]))
refused("image_tokens", lambda: recorder(images=[picture], grids=[(1, 4, 4)], image_tokens=rows[0]))
refused("question", lambda: recorder(question=3))
refused("method", lambda: recorder(method=""))
refused("regions[0]", lambda: recorder(regions=[(0, 0, 2, 2)]))
refused("regions[0]", lambda: recorder(regions=[("a", 0, 1, 1)]))
refused("regions[1]", lambda: recorder(regions=[(0, 0, 1, 1), 5]))
refused("regions is int", lambda: recorder(regions=5))
refused("0 grids for 1 images", lambda: recorder(images=[picture], grids=[]))
refused("grids", lambda: recorder(images=[picture], grids=5))
for grid in ((0, 2), (-2, -2), (1.5, 2), (2,), (float("nan"), 2), (1, 2, 3, 4)):
    refused("grids", lambda: recorder(images=[picture], grids=[grid]))
for size in (0, -2, 1.5, "2", None, float("inf")):
    refused("merge_size", lambda: recorder(images=[picture], grids=[(1, 4, 4)], merge_size=size))
refused("images[0]", lambda: recorder(images=[[[1, 2], [3]]]))
refused("images[0]", lambda: recorder(images=[picture[:0]]))
refused("image_tokens has the widths [6, 5]",
        lambda: recorder(images=[picture] * 2, grids=[(1, 4)] * 2,
                         image_tokens=[rows[:4], rows[:4, :5]]))
refused("file is int", lambda: lvrtrace.Recorder(3))
refused("options is int", lambda: recorder(options=5))
refused("options['foo'] is not an option", lambda: recorder(options={"foo": 1}))
refused("options['temperature'] is 'hot'", lambda: recorder(options={"temperature": "hot"}))
refused("options['max_new_tokens'] is -4", lambda: recorder(options={"max_new_tokens": -4}))
refused("options['exit'] is 'banana:8'", lambda: recorder(options={"exit": "banana:8"}))
refused("options['latent_feed']", lambda: recorder(options={"latent_feed": "mine"}))
refused("vector has the shape [2, 6]", lambda: recorder().latent(rows[:2]))
refused("vector has the shape [0]", lambda: recorder().latent([]))
refused("token_id", lambda: recorder().token(float("inf")))
refused("state is given for some", lambda: with_token().token(1, state=rows[0]))
refused("state is given for some", lambda: with_token(state=rows[0]).token(1))
refused("vector has 3 numbers", lambda: recorder(**seen).latent([1, 2, 3]))
refused("state has 3 numbers", lambda: recorded().token(1, state=[1, 2, 3]))
refused("token_id", lambda: recorder().token(-1))
refused("token_id", lambda: recorder().token("a"))
refused("shadow_id", lambda: recorder().latent(rows[0], shadow_id=1.5))
refused("probability", lambda: recorder().token(1, probability="much"))
refused("vector is str", lambda: recorder().latent("a"))
refused("end_distance", lambda: recorded().latent(rows[1], end_distance=1.0))
refused("stopped", lambda: recorded().finish("tired"))
refused("nothing was recorded", lambda: recorder().finish())
refused("options", lambda: recorded(options={"exit": object()}).finish())


def _nowhere():
    one = lvrtrace.Recorder("/nowhere/a.lvrtrace")
    one.token(1)
    one.finish()


refused("can't write", _nowhere)


def _goes_on(call):
    one = recorded()
    one.finish()
    os.remove(FILE + ".no")
    call(one)


refused("is written already", lambda: _goes_on(lambda one: one.token(1)))
refused("is written already", lambda: _goes_on(lambda one: one.latent(rows[0])))

# Ctrl+C keeps what there is; an error of the loop's own keeps nothing and comes through.
for error, is_kept in ((KeyboardInterrupt, True), (ZeroDivisionError, False)):
    name = FILE + "." + error.__name__
    try:
        with lvrtrace.Recorder(name) as broken:
            broken.token(1)
            raise error
    except error:
        pass
    if os.path.exists(name) != is_kept:
        sys.exit(f"{error.__name__}: {name} is there: {not is_kept}")
if any(name.endswith((".no", ".part")) for name in os.listdir(os.path.dirname(FILE))):
    sys.exit("something was left behind")
print("all refused in one sentence")
