"""What a learner's function wants, told from the name of an argument: names only order what is tried.

A name may mean several things (`data`: pairs, or the inputs; `layers`: sizes, or objects); the first of them that there
is a value for is taken.
"""

import re

HELD_OUT = re.compile(r"_?(val|valid|validation|test|dev|eval)(?=_|$)|^(val|valid|validation|test|dev|eval)_")
DATA = r"(_?(train|training|tr|batch|data|list|set|s|array|vec|vector|values|seq|sequences?|normal))*"
X = r"(x|input|inp|image|img|feature|pixel|point|xb|in)"
Y = r"(y|yb|t|tb|label|target|wanted|desired|truth|answer|expected|actual|true|correct)"

#: Role -> the names that mean it, in the order in which they are tried.
ROLES = {role: re.compile(pattern) for role, pattern in {
    "pairs": r"(train|training)?_?(data|set|samples|pairs|examples)|train|dataset|(mini_?)?batch",
    "x": rf"((train|training|batch)_?(set_|data_)?)?{X}s?{DATA}|a_?0|data|samples?|(train|training)_?data|batch",
    "y": rf"((train|training|batch|one_?hot)_?(set_|data_)?)?{Y}e?s?(_?(one_?hot|true|hot|oh|enc\w*|outputs?|y|"
         rf"labels?))?{DATA}|(expected|desired|train|training|target)_?(set_)?(output|y)s?",
    "lr": r"lr\d?|eta|alpha|(a|learning|learn|l)?_?rate|step_?(size|length)|learning_?rate_?\w*|epsilon",
    "epochs": r"(n|num|max|no|number_of)?_?(training_)?(epochs?|iters?|iterations?|steps|rounds|its|loops)"
              r"(_?(num|count|n))?",
    "batch_size": r"(mini)?_?batch_?(size|len|n)?|bs|minibatch",
    "hidden_sizes": r"hidden_?(layers?|sizes|layer_?sizes|dims|units_?list)",
    "layers": r"layers?|net|network|nn|mlp|model",
    "sizes": r"(n_?)?((layers?|net|network|nn)_?)?(sizes?|dims|dimensions|shapes?|structure|architecture|arch|units|"
             r"widths|neurons|nodes|topology|layout)|layers?|n_?units",
    "output": r"(y|t)_?(hat|pred|predicted|prob|probs|out|output|h)|\w*out(put)?s?\w*|pred\w*|probs?|a_?l|scores?|"
              r"logits?|result|a\d?",
    "n_in": r"(n|num|no|size|dim)?_?(in|input|inputs|x|features?|i|d|input_?(nodes|layer|neurons|units))s?"
            r"_?(size|dim|dims|nodes|units|features|n|count|num|neurons|layer_size)?|d|dim|n_?dim|din|fan_?in|width",
    "n_hidden": r"\w*(hid|mid|hdim|embed|latent)\w*|n_?h\d?|h\d?|units?|neurons|nodes",
    "n_out": r"(n|num|no|size|dim)?_?(out|output|outputs|y|classes|class|labels|o|k|c)s?"
             r"_?(size|dim|dims|nodes|units|classes|n|count|num|neurons|layer_size)?|k|dout|fan_?out",
    "cache": r"\w*caches?\w*|memory|store|saved|activations?|state|zs|intermediates?|values",
    "params": r"(\w*_)?(params?|parameters?)(_\w*)?|weights?|model|thetas?|w|ws|p",
    "grads": r"\w*(grads?|gradients?|deriv\w*|nabla\w*)|d(params|weights)|g|gs|deltas",
    "verbose": r"verbose|print\w*|show\w*|plot\w*|debug|display|log\w*|training|is_train\w*",
    "loss": r"(loss|cost|error|criterion|objective)\w*",
    "optimizer": r"\w*optim\w*|opt",
    "derivative": r"\w*(prime|deriv\w*|slope|grad)\w*",
    "activation": r"\w*act\w*|\w*func\w*|fn|f|nonlin\w*|kind|type",
    "zero": r"reg\w*|lambd?a?\w*|lam|lmbda|l1\w*|l2\w*|\w*decay\w*|drop\w*",
    "one": r"keep\w*",
    "momentum": r"momentum|mu|beta\d?|gamma|rho",
    "scale": r"\w*(std|scale|sigma)\w*",
    "seed": r"\w*(seed|state)",
    "m": r"m|n|count|num_?(samples|examples)|n_?samples|batch_?n|size",
    "times": r"i|it|iteration|epoch|step|t|l",
}.items()}  # fmt: skip


def roles(name: str) -> list[str]:
    """What an argument of that name may stand for."""
    word = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower().strip("_")
    plain = HELD_OUT.sub("", word).strip("_") or word
    return [role for role, names in ROLES.items() if names.fullmatch(plain)]


def normal(name: str) -> str:
    """The same for w1, W_1 and W1."""
    return name.lower().replace("_", "")


#: A gradient's name without what says that it is one: dW1, grad_W1, W1_grad -> w1.
GRADIENT = re.compile(r"^(d|g|grad|gradient|delta|nabla|dl|dj|dc)(?=[wbvu]|theta)|(grad|gradient|prime)$")


def of_parameter(gradient: str) -> str:
    """The parameter that a gradient of that name is for."""
    return GRADIENT.sub("", normal(gradient))
