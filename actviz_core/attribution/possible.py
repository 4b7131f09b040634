"""Says in a sentence why a method cannot work on a network, before it runs and from what it saw running."""

from collections.abc import Callable, Iterable

from captum.attr._core.deep_lift import SUPPORTED_NON_LINEAR
from torch import Tensor, nn

from actviz_core.attribution.methods import ABOUT, Method
from actviz_core.errors import NotPossibleError
from actviz_core.hooks.called import step_names
from actviz_core.hooks.walk import named_modules
from actviz_core.names import step_parts

GUIDED = (Method.GUIDED_BACKPROP, Method.GUIDED_GRAD_CAM)
# What DeepLift passes through by its gradient, since it is linear in eval mode or changes nothing.
_LINEAR_ACTIVATIONS = (nn.Identity, nn.modules.dropout._DropoutNd)
_DATA_DEPENDENT = (
    nn.LayerNorm,
    nn.GroupNorm,
    nn.RMSNorm,
    nn.LocalResponseNorm,
    nn.modules.instancenorm._InstanceNorm,
    nn.AdaptiveMaxPool2d,
    nn.AdaptiveMaxPool1d,
    nn.LPPool2d,
    nn.modules.rnn.RNNBase,
)
_CURVED = """
    relu relu6 elu selu celu leaky_relu prelu rrelu gelu silu mish hardswish hardsigmoid hardtanh sigmoid tanh
    logsigmoid softplus softsign softmax log_softmax glu max_pool1d max_pool2d max_pool3d adaptive_max_pool2d
    layer_norm group_norm instance_norm rms_norm local_response_norm normalize scaled_dot_product_attention
    multi_head_attention_forward matmul bmm mm einsum pow exp log sqrt square abs clamp maximum minimum amax
    max min norm
"""
_NOT_LINEAR = frozenset(_CURVED.split())


def why_not(network: nn.Module, method: Method) -> str | None:
    """Why a method cannot work on this network, as far as its layers tell; None where they allow it."""
    modules = [module for _, module in named_modules(network)]
    title = ABOUT[method].title
    if method in GUIDED and not any(isinstance(module, nn.ReLU) for module in modules):
        return f"{title} changes what flows back through ReLU layers, and this network has none."
    if method is Method.DEEP_LIFT:
        unknown = sorted({type(module).__name__ for module in modules if _has_no_rule(module)})
        if unknown:
            return f"{title} has no rule for {_listed(unknown)}, which this network has."
    return None


def watched(network: nn.Module, method: Method, run: Callable[[], Tensor]) -> Tensor:
    """Run a method, and see whether the network's own code does what the method expects layers to do.

    Raises `NotPossibleError` with the reason where it does. The network is held by this thread.
    """
    if method is not Method.DEEP_LIFT and method not in GUIDED:
        return run()
    with step_names(network) as steps:
        try:
            values = run()
        except RuntimeError as error:
            if method is Method.DEEP_LIFT and "used more than once" in str(error):
                raise NotPossibleError(
                    "DeepLift needs every ReLU and pooling layer to run once a pass, and this network uses "
                    "one several times."
                ) from error
            raise
    reason = _why_not_after(method, steps.happened)
    if reason is not None:
        raise NotPossibleError(reason)
    return values


def _why_not_after(method: Method, steps: Iterable[str]) -> str | None:
    """The same from the functions that the network's own code called, which no method can put hooks on."""
    title = ABOUT[method].title
    named = [step_parts(step) for step in steps]
    if method in GUIDED:
        relus = [module for module, function in named if function in ("relu", "relu6")]
        if relus:
            where = _place(relus[0])
            return f"{title} changes ReLU layers, but {where} calls relu as a function, out of its reach."
    if method is Method.DEEP_LIFT:
        others = [(module, function) for module, function in named if function in _NOT_LINEAR]
        if others:
            module, function = others[0]
            called = f"{_place(module)} calls {function} as a function"
            return f"{title} follows layers, but {called}, out of its reach."
    return None


def _has_no_rule(module: nn.Module) -> bool:
    if type(module) in SUPPORTED_NON_LINEAR or isinstance(module, _LINEAR_ACTIVATIONS):
        return False
    activation = type(module).__module__ == "torch.nn.modules.activation"
    return activation or isinstance(module, (*_DATA_DEPENDENT, *SUPPORTED_NON_LINEAR))


def _place(module: str) -> str:
    return f"the code of {module!r}" if module else "the network's own code"


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
