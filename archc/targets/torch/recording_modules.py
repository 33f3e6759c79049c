"""Stand-ins for `torch.nn`: containers that work, modules that record what they are given."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from archc.targets.torch.recording_values import Operation, Value, recorder

_ATTRIBUTES = """
    T_destination add_module apply bfloat16 buffers call_super_init children compile cpu cuda double
    dump_patches eval extra_repr float forward get_buffer get_extra_state get_parameter
    get_submodule half ipu load_state_dict modules mtia named_buffers named_children named_modules
    named_parameters parameters register_backward_hook register_buffer register_forward_hook
    register_forward_pre_hook register_full_backward_hook register_full_backward_pre_hook
    register_load_state_dict_post_hook register_load_state_dict_pre_hook register_module
    register_parameter register_state_dict_post_hook register_state_dict_pre_hook requires_grad_
    set_extra_state set_submodule share_memory state_dict to to_empty train training type xpu
    zero_grad
"""

TAKEN = frozenset(_ATTRIBUTES.split())
"""What `nn.Module` itself has: no attribute may go by these names."""


class Module:
    """`nn.Module`: the modules that are its attributes are its children, in order."""

    _children: dict[str, Module]

    def __init__(self) -> None:
        vars(self)["_children"] = {}

    def __setattr__(self, name: str, value: object) -> None:
        if isinstance(value, Module):
            vars(self).pop(name, None)
            self.add_module(name, value)
        elif name in TAKEN or name in vars(self).get("_children", {}):
            raise TypeError(f"no value can be called `{name}`")
        else:
            vars(self)[name] = value

    def __getattr__(self, name: str) -> object:
        children = vars(self).get("_children", {})
        if name not in children:
            raise AttributeError(f"`{type(self).__name__}` has no `{name}`")
        return children[name]

    def add_module(self, name: str, module: Module) -> None:
        if "_children" not in vars(self):
            raise AttributeError(f"`{name}` is set before `super().__init__()`")
        if not name or "." in name or name in TAKEN or name in vars(self):
            raise KeyError(f"no module can be called `{name}`")
        self._children[name] = module

    def named_children(self) -> Iterator[tuple[str, Module]]:
        return iter(self._children.items())

    def children(self) -> Iterator[Module]:
        return iter(self._children.values())

    def __call__(self, *arguments: object, **keywords: object) -> object:
        return self.forward(*arguments, **keywords)

    def forward(self, *arguments: object, **keywords: object) -> object:
        raise NotImplementedError(f"`{type(self).__name__}` has no `forward`")


class _Container(Module):
    def _fill(self, modules: Iterable[tuple[str, Module]]) -> None:
        for name, module in modules:
            self.add_module(name, module)

    def __len__(self) -> int:
        return len(self._children)


class _Listed(_Container):
    def __iter__(self) -> Iterator[Module]:
        return self.children()

    def __getitem__(self, index: int) -> Module:
        return list(self._children.values())[index]

    def append(self, module: Module) -> None:
        self.add_module(str(len(self)), module)


class Sequential(_Listed):
    """`nn.Sequential`: one child after the other."""

    def __init__(self, *modules: Module | Mapping[str, Module]) -> None:
        super().__init__()
        for number, given in enumerate(modules):
            self._fill(given.items() if isinstance(given, Mapping) else [(str(number), given)])

    def forward(self, *arguments: object, **keywords: object) -> object:
        if len(arguments) != 1 or keywords:
            raise TypeError(f"`{type(self).__name__}` takes one tensor")
        (value,) = arguments
        for module in self.children():
            value = module(value)
        return value


class ModuleList(_Listed):
    """`nn.ModuleList`."""

    def __init__(self, modules: Iterable[Module] = ()) -> None:
        super().__init__()
        for module in modules:
            self.append(module)


class ModuleDict(_Container):
    """`nn.ModuleDict`."""

    def __init__(self, modules: Mapping[str, Module] | None = None) -> None:
        super().__init__()
        self._fill((modules or {}).items())

    def __getitem__(self, name: str) -> Module:
        return self._children[name]

    def __setitem__(self, name: str, module: Module) -> None:
        self.add_module(name, module)

    def __contains__(self, name: object) -> bool:
        return name in self._children

    def __iter__(self) -> Iterator[str]:
        return iter(self._children)

    def items(self) -> Iterator[tuple[str, Module]]:
        return self.named_children()

    def keys(self) -> Iterator[str]:
        return iter(self._children)

    def values(self) -> Iterator[Module]:
        return self.children()


class Identity(Module):
    """`nn.Identity`: gives what it is given."""

    def __init__(self, *_arguments: object, **_keywords: object) -> None:
        super().__init__()

    def forward(self, *arguments: object, **_keywords: object) -> object:
        (value,) = arguments
        return value


class Primitive(Module):
    """Any other module: it records what it is applied to. `uses` counts how often."""

    constructor = ""

    def __init__(self, *arguments: object, **keywords: object) -> None:
        super().__init__()
        self.operation = Operation(self.constructor, arguments, tuple(keywords.items()))
        self.uses = 0

    def forward(self, *arguments: object, **keywords: object) -> Value:
        values = [argument for argument in arguments if isinstance(argument, Value)]
        if not values or len(values) != len(arguments) or keywords:
            raise TypeError(f"`{self.constructor}` is applied to {arguments!r}")
        self.uses += 1
        return Value(self.operation, tuple(values), self)


def primitive(constructor: str) -> type[Primitive]:
    """A class of modules that record, by the name that the source has for it."""
    name = constructor.rpartition(".")[2]
    return type(name, (Primitive,), {"constructor": constructor})


class Recorders:
    """A module of functions, such as `torch.nn.functional`: every function that is asked for."""

    def __init__(self, name: str, **known: object) -> None:
        self._name = name
        vars(self).update(known)

    def __getattr__(self, name: str) -> object:
        if name.startswith("_"):
            raise AttributeError(name)
        made = recorder(f"{self._name}.{name}")
        setattr(self, name, made)
        return made


class _Modules(Recorders):
    """`torch.nn`: every module that is asked for."""

    def __getattr__(self, name: str) -> object:
        if not name[:1].isupper():
            raise AttributeError(name)
        made = primitive(f"nn.{name}")
        setattr(self, name, made)
        return made


def frameworks() -> dict[str, Recorders]:
    """What emitted source imports of PyTorch, by full names."""
    functional = Recorders("F")
    nn = _Modules(
        "nn",
        Module=Module,
        Sequential=Sequential,
        ModuleList=ModuleList,
        ModuleDict=ModuleDict,
        Identity=Identity,
        functional=functional,
    )
    torch = Recorders("torch", nn=nn, Tensor=Value)
    return {"torch": torch, "torch.nn": nn, "torch.nn.functional": functional}
