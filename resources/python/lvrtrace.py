"""Records what a latent loop does as an .lvrtrace, which LVR Workbench opens.

    with lvrtrace.Recorder("a.lvrtrace", method="my loop", tokenizer=tokenizer,
                           question="What is red?", images=[picture],
                           grids=inputs.image_grid_thw, image_tokens=visual_tokens) as record:
        record.token(token_id, probability=p, state=hidden)   # fed by its embedding
        record.latent(vector, shadow_id=sampled_id)           # fed as a vector
        record.finish("end_of_text")

README.md beside this file explains the arguments, core/trace/FORMAT.md the file. Needs numpy and
safetensors; tensors of torch are taken as they are. A RecordError says in one sentence what is wrong.
"""

import json
import os
import re
import time

import numpy
from safetensors.numpy import save

FORMAT, VERSION = "lvrtrace", "3.0"
STOPPED = ("end_of_text", "max_new_tokens", "cancelled")


class RecordError(ValueError):
    """What was given can't be recorded. One sentence."""


class Recorder:
    """One answer. `file` is written when it is finished, or never: it is whole or not there."""

    def __init__(self, file, *, method="a loop in Python", model="", question="", images=(),
                 grids=None, merge_size=2, image_tokens=None, tokenizer=None, regions=(),
                 expected_answer=None, options=None):
        self._file = _path(file)
        self._images = [_picture(image, i) for i, image in enumerate(_listed(images))]
        self._tokens = None if image_tokens is None else _matrix(image_tokens, "image_tokens")
        self._grids = _grids(grids, merge_size, len(self._images), self._tokens)
        self._units = None if self._tokens is None else _units(self._tokens)
        self._width = None if self._tokens is None else self._tokens.shape[1]
        self._tokenizer = tokenizer
        self._steps, self._ids = [], []
        self._latents, self._end_probabilities, self._end_distances = [], [], []
        self._probabilities, self._states = [], []
        self._latent_index = 0
        self._written = False
        self._created, self._first, self._newest = time.perf_counter(), None, None
        self._about = {"method": _text(method, "method"), "model": _text(str(model), "model"),
                       "question": _text(question, "question"), "rois": _boxes(regions)}
        if not method:
            raise RecordError("method is empty; say in a few words whose loop it is")
        if expected_answer is not None:
            self._about["expected_answer"] = _text(expected_answer, "expected_answer")
        if options:
            self._about["options"] = _named(options)

    def token(self, token_id, probability=None, state=None, text=None):
        """A token that was sampled and is fed by its own embedding (or ends the answer).
        probability: of the token, before temperature and filters. state: [D], what it was sampled
        from; of all tokens or of none. text: what it says, where there is no tokenizer."""
        self._check_open()
        token_id = _whole(token_id, "token_id")
        if self._probabilities and (state is None) == bool(self._states):
            raise RecordError(f"token {len(self._probabilities)}: state is given for some tokens "
                              "and not for others; give it for all or for none")
        step = {"position": len(self._steps), "token": token_id, "text": self._said(token_id, text)}
        probability = _number(probability, "probability")
        if state is not None:
            self._states.append(self._vector(state, "state"))
        self._probabilities.append(probability)
        self._ids.append(token_id)
        self._add(step)
        self._latent_index = 0

    def latent(self, vector, shadow_id=None, end_probability=None, end_distance=None, text=None):
        """A vector [D] that is fed in place of a token. shadow_id: what would have been sampled.
        end_probability: the sigmoid of the logit of the token that ends the thought, after the
        vector was read. end_distance: to an end vector; of all latents or of none."""
        self._check_open()
        vector = self._vector(vector, "vector")
        if self._latents and (end_distance is None) == bool(self._end_distances):
            raise RecordError(f"latent {len(self._latents)}: end_distance is given for some latents "
                              "and not for others; give it for all or for none")
        step = {"position": len(self._steps), "latent_index": self._latent_index, "text": ""}
        if shadow_id is not None:
            step["token"] = _whole(shadow_id, "shadow_id")
            step["text"] = self._said(step["token"], text)
        end = _number(end_probability, "end_probability")
        if end_distance is not None:
            self._end_distances.append(_number(end_distance, "end_distance"))
        if shadow_id is not None:
            self._ids.append(step["token"])
        self._end_probabilities.append(end)
        self._latents.append(vector)
        self._add(step)
        self._latent_index += 1

    def finish(self, stopped="end_of_text", answer=None, text=None):
        """Writes the file. answer: what counts as the answer; else what stands in the last
        <answer> behind the last </think>, else all that was said. text: as generated, with shadow
        ids; else by the tokenizer."""
        self._check_open()
        if stopped not in STOPPED:
            raise RecordError(f"stopped is {_briefly(stopped)}; it is one of {', '.join(STOPPED)}")
        if not self._steps:
            raise RecordError("nothing was recorded; call token() or latent() before finish()")
        if text is None:
            text = self._decode(self._ids) if self._tokenizer else self._texts(self._steps)
        if answer is None:
            answer = _answer_in(self._spoken())
        self._about.update(
            hidden_size=self._width or 0, images=len(self._images), grids=self._grids,
            steps=self._steps, stopped=stopped, text=_text(text, "text"),
            answer=_text(answer, "answer"),
            timings_ms={"prefill": 1000 * (self._first - self._created),
                        "decode": 1000 * (self._newest - self._first)})
        self._write(self._tensors())
        self._written = True

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        """Finishes what was not. Ctrl+C keeps what was recorded; after another error nothing is
        written."""
        if self._written or (kind is not None and not issubclass(kind, KeyboardInterrupt)):
            return
        if self._steps or kind is None:
            self.finish("end_of_text" if kind is None else "cancelled")

    # ---- What was recorded so far

    def _check_open(self):
        if self._written:
            raise RecordError(f"{self._file} is written already; make a Recorder for each answer")

    def _add(self, step):
        self._newest = time.perf_counter()
        self._first = self._first or self._newest
        self._steps.append(step)

    def _vector(self, given, name):
        vector = _array(given, name)
        if vector.size == 0 or vector.ndim == 0 or vector.size != vector.shape[-1]:
            raise RecordError(f"step {len(self._steps)}: {name} has the shape {list(vector.shape)}, "
                              "not that of one vector")
        vector = vector.reshape(-1)
        if self._width is None:
            self._width = len(vector)
        if len(vector) != self._width:
            raise RecordError(f"step {len(self._steps)}: {name} has {len(vector)} numbers, the "
                              f"others and the visual tokens have {self._width}")
        return vector

    def _said(self, token_id, text):
        if text is not None:
            return _text(text, "text")
        return self._decode([token_id]) if self._tokenizer else ""

    def _spoken(self):
        """Without what was only sampled inside a thought."""
        spoken = [step for step in self._steps if "latent_index" not in step]
        if self._tokenizer:
            return self._decode([step["token"] for step in spoken], skip_special_tokens=True)
        return self._texts(spoken)

    @staticmethod
    def _texts(steps):
        return "".join(step["text"] for step in steps)

    def _decode(self, ids, skip_special_tokens=False):
        return self._tokenizer.decode(ids, skip_special_tokens=skip_special_tokens,
                                      clean_up_tokenization_spaces=False)

    # ---- The file

    def _tensors(self):
        width = self._width or 0
        latents = numpy.zeros((0, width), numpy.float32)
        if self._latents:
            latents = numpy.stack(self._latents)
        tensors = {"latents": latents,
                   "norm": numpy.linalg.norm(latents, axis=1).astype(numpy.float32),
                   "end_probability": numpy.array(self._end_probabilities, numpy.float32),
                   "token_probability": numpy.array(self._probabilities, numpy.float32)}
        if self._end_distances:
            tensors["end_distance"] = numpy.array(self._end_distances, numpy.float32)
        for i, image in enumerate(self._images):
            tensors[f"image_{i}"] = image
        if self._tokens is not None:
            tensors["image_tokens"] = self._tokens
            tensors["cosine"] = _units(latents) @ self._units.T
            tensors["l2"] = _distances(latents, self._tokens)
            if self._states:
                tensors["text_cosine"] = _units(numpy.stack(self._states)) @ self._units.T
        return {name: numpy.ascontiguousarray(tensor) for name, tensor in tensors.items()}

    def _write(self, tensors):
        try:
            description = json.dumps(self._about, ensure_ascii=False, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise RecordError(f"options can't be written as JSON: {error}") from None
        part = f"{self._file}.{os.getpid()}.part"
        try:
            with open(part, "wb") as file:
                file.write(save(tensors, {"format": FORMAT, "version": VERSION,
                                          "trace": description}))
            os.replace(part, self._file)
        except OSError as error:
            if os.path.exists(part):
                os.remove(part)
            raise RecordError(f"can't write {self._file}: {error}") from None


# ---- What is given, as numpy has it


NOT_NUMBERS = (TypeError, ValueError, OverflowError, RuntimeError)  # Python's, numpy's, torch's


def _path(given):
    try:
        return os.fsdecode(given)
    except TypeError:
        raise RecordError(f"file is {type(given).__name__}, not a path") from None


# Of the options that the window knows: from, to, and whether they are whole.
_NUMBERS = {"temperature": (0, 100, False), "top_p": (1e-6, 1, False), "min_p": (0, 1, False),
            "repetition_penalty": (0.01, 100, False), "top_k": (0, 1000000, True),
            "seed": (0, 2**64 - 1, True), "max_new_tokens": (1, 2**31 - 1, True),
            "min_pixels": (1, 2**31 - 1, True), "max_pixels": (1, 2**31 - 1, True)}
_CHOICES = {"latent_feed": ("own", "snap", "filler", "none", "zero", "noise", "swap"),
            "latent_attention": ("all", "thought"), "span_start": ("sampled", "forced"),
            "span_end": ("sampled", "forced"), "head_positions": ("released", "consistent")}
_EXIT = re.compile(r"none|(fixed|end-token):\d+|end-prob:[\d.]+:\d+"
                   r"|latent-end:(mse|mae|cosine):[\d.]+:\d+|(settled|entropy):[\d.]+:\d+"
                   r"|answer-settled:\d+:\d+|repeated:\d+:\d+|probe:.+:[\d.]+:\d+")


def _named(options):
    try:
        options = dict(options)
    except (TypeError, ValueError):
        raise RecordError(f"options is {type(options).__name__}, not names and values") from None
    for name, value in options.items():
        _check_option(name, value)
    return options


def _check_option(name, value):
    """What the window would refuse, and with it the whole file."""
    if str(name).startswith("x_"):
        return
    if name in _NUMBERS:
        least, most, whole = _NUMBERS[name]
        number = value if isinstance(value, (int, float)) and not isinstance(value, bool) else None
        if number is None or not least <= number <= most or (whole and not isinstance(value, int)):
            raise RecordError(f"options[{name!r}] is {value!r}, not a "
                              f"{'whole ' if whole else ''}number from {least} to {most}")
    elif name in _CHOICES:
        if value not in _CHOICES[name]:
            raise RecordError(f"options[{name!r}] is {value!r}, not one of "
                              f"{', '.join(_CHOICES[name])}")
    elif name == "exit":
        if not isinstance(value, str) or not _EXIT.fullmatch(value):
            raise RecordError(f"options['exit'] is {value!r}, not an exit rule such as 'fixed:8'")
    elif name in ("system", "latents_from"):
        _text(value, f"options[{name!r}]")
    else:
        raise RecordError(f"options[{name!r}] is not an option of lvr ask; begin the names of your "
                          "own with x_")


def _array(given, name):
    try:
        if hasattr(given, "detach"):
            given = given.detach().float().cpu().numpy()
        return numpy.asarray(given, dtype=numpy.float32)
    except NOT_NUMBERS:
        raise RecordError(f"{name} is {type(given).__name__}, not numbers") from None


def _matrix(given, name):
    if isinstance(given, (list, tuple)) and given and hasattr(given[0], "shape"):
        parts = [_matrix(one, name) for one in given]  # one a picture
        if len({part.shape[1] for part in parts}) > 1:
            raise RecordError(f"{name} has the widths {[part.shape[1] for part in parts]}; all are "
                              "the language model's")
        return numpy.concatenate(parts)
    matrix = _array(given, name)
    if matrix.ndim != 2 or 0 in matrix.shape:
        raise RecordError(f"{name} has the shape {list(matrix.shape)}, not [visual tokens, width]")
    return matrix


def _listed(images):
    return list(images) if isinstance(images, (list, tuple)) else [images]


def _picture(given, index):
    try:
        if hasattr(given, "convert"):  # PIL
            given = given.convert("RGB")
        elif hasattr(given, "detach"):
            given = given.detach().cpu().numpy()
        picture = numpy.asarray(given)
    except (*NOT_NUMBERS, OSError) as error:
        raise RecordError(f"images[{index}] can't be read as a PIL image or uint8 "
                          "[height, width, 3]") from error
    if picture.ndim == 2:
        picture = numpy.repeat(picture[:, :, None], 3, axis=2)
    if (picture.dtype != numpy.uint8 or picture.ndim != 3 or picture.shape[2] not in (3, 4)
            or picture.size == 0):
        raise RecordError(f"images[{index}] is {picture.dtype} {list(picture.shape)}, not a PIL image "
                          "or uint8 [height, width, 3]")
    return picture[:, :, :3]


def _grids(grids, merge_size, images, tokens):
    """grids: (t, h, w) in patches for each picture, as image_grid_thw, or (rows, columns) after
    merging."""
    if grids is None:
        if tokens is not None:
            raise RecordError("image_tokens need grids (image_grid_thw) and their pictures, to know "
                              "which token is where")
        return [{"rows": 1, "cols": 1}] * images  # no visual tokens: pictures to look at
    rows = _array(grids, "grids")
    count = 0 if rows.size == 0 else rows.size // rows.shape[-1] if rows.ndim else 1
    if count != images:
        raise RecordError(f"there are {count} grids for {images} images; give one for each")
    if count == 0:
        rows = numpy.zeros((0, 2))
    if rows.ndim == 0 or rows.shape[-1] not in (2, 3) or not ((1 <= rows) & (rows < 2**20)).all() \
            or (rows % 1 != 0).any():
        raise RecordError("grids are not (t, h, w) in patches or (rows, columns) of visual tokens, "
                          "whole numbers from 1 on")
    rows = rows.astype(int).reshape(-1, rows.shape[-1])
    if rows.shape[1] == 3:
        merge_size = _whole(merge_size, "merge_size", least=1)
        if (rows[:, 0] != 1).any() or (rows[:, 1:] % merge_size != 0).any():
            raise RecordError(f"grids {rows.tolist()} are no pictures whose sides merge_size "
                              f"{merge_size} divides; videos are not recorded")
        rows = rows[:, 1:] // merge_size
    count = int((rows[:, 0] * rows[:, 1]).sum())
    if tokens is not None and count != len(tokens):
        raise RecordError(f"the grids have {count} visual tokens and image_tokens has {len(tokens)}; "
                          "is merge_size right?")
    return [{"rows": int(r), "cols": int(c)} for r, c in rows]


def _boxes(regions):
    boxes = []
    try:
        regions = list(regions)
    except TypeError:
        raise RecordError(f"regions is {type(regions).__name__}, not a list of boxes") from None
    for i, region in enumerate(regions):
        corners = _array(region, f"regions[{i}]").reshape(-1).tolist()
        if len(corners) != 4 or not all(0 <= corner <= 1 for corner in corners):
            raise RecordError(f"regions[{i}] is {corners}, not x0, y0, x1, y1 as fractions of the "
                              "picture")
        boxes.append(dict(zip(("x0", "y0", "x1", "y1"), corners)))
    return boxes


def _text(given, name):
    if not isinstance(given, str):
        raise RecordError(f"{name} is {type(given).__name__}, not a text")
    return given.encode("utf-8", "replace").decode("utf-8")


def _whole(given, name, least=0):
    try:
        number = int(given)
    except NOT_NUMBERS:
        number = -1
    if not least <= number < 2**31 or number != given:
        raise RecordError(f"{name} is {_briefly(given)}, not a whole number from {least} on")
    return number


def _briefly(given):
    said = " ".join(repr(given).split())
    return said if len(said) <= 60 else said[:60] + "..."


def _number(given, name):
    if given is None:
        return float("nan")
    try:
        return float(given)
    except NOT_NUMBERS:
        raise RecordError(f"{name} is {type(given).__name__}, not a number") from None


# ---- Geometry, as core/decode/patch_projection has it


def _units(rows):
    lengths = numpy.linalg.norm(rows, axis=1, keepdims=True)
    return (rows / numpy.maximum(lengths, 1e-8)).astype(numpy.float32)


def _distances(rows, others):
    """Differences one by one: the expanded square loses what small distances are made of."""
    distances = [numpy.linalg.norm(others - row, axis=1) for row in rows]
    return numpy.array(distances, numpy.float32).reshape(len(rows), len(others))


BLANK = " \t\r\n\f\v"
THOUGHTS = re.compile(r"<\|lvr_start\|>|<\|lvr\|>|<\|lvr_latent_end\|>|<\|lvr_end\|>")


def _answer_in(text):
    """As core/eval/answer has it for LVR: behind the last thinking in words, the last complete
    <answer>, else what follows the last one, else what follows the last <lvr>, else all. Whose
    method puts it elsewhere, in a box or behind a phrase, gives it to finish()."""
    said = text
    for close in ("</think>", "</reason>"):
        said = said.rpartition(close)[2]
    text = said if said.strip(BLANK) else text
    given = text.split("<answer>")[1:]
    complete = [part.partition("</answer")[0] for part in given if "</answer" in part]
    answer = complete[-1] if complete else given[-1] if given else text.rpartition("<lvr>")[2]
    return THOUGHTS.sub("", answer).strip(BLANK)
