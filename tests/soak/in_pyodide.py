"""Runs pytest in Pyodide for `in_pyodide.mjs`: TESTS are its arguments, its code the value."""

# ruff: noqa: F821 -- TESTS is put there

import asyncio
import os
import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from inspect import iscoroutinefunction
from types import FrameType, FunctionType, ModuleType
from typing import Any

COMPILED = {"PIL", "hypothesis", "nbformat", "psutil", "resource", "safetensors"}
TOO_LARGE = {"boto3", "botocore", "matplotlib", "onnx", "requests"}  # not in a browser's first load


class Missing(MetaPathFinder, Loader):
    """Gives tests and other packages a stand-in for such a module, and ours nothing."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        missing = name.partition(".")[0] in COMPILED | TOO_LARGE
        return ModuleSpec(name, self, is_package=True) if missing else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        frame: FrameType | None = sys._getframe()
        while frame and not frame.f_code.co_filename.startswith(("/repository", "/packages")):
            frame = frame.f_back
        if frame and frame.f_code.co_filename.startswith("/repository/mnist_nb"):
            raise ModuleNotFoundError(f"No module named {spec.name!r}", name=spec.name)
        return Skips(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        pass


class Skips(ModuleType):
    """Whatever is taken of it is like it; a test that calls it is skipped, as one it decorates."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Skips(f"{self.__name__}.{name}")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        import pytest

        is_test = len(args) == 1 and isinstance(args[0], FunctionType)
        if is_test and args[0].__name__.startswith("test_"):
            return pytest.mark.skip(f"needs {self.__name__}")(args[0])
        if "PYTEST_CURRENT_TEST" in os.environ:
            pytest.skip(f"needs {self.__name__}")
        return self

    def __iter__(self) -> Any:
        return iter(())


sys.meta_path.insert(0, Missing())
sys.modules["torch"] = None  # type: ignore[assignment]  # the machine may have it, in /packages too
sys.path[:] = ["/repository", *sys.path, "/packages"]
sys.dont_write_bytecode = True
os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
os.chdir("/repository")

import pytest  # noqa: E402


class Coroutines:
    """Runs the tests that are coroutines."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> bool | None:
        if not iscoroutinefunction(pyfuncitem.obj):
            return None
        names = pyfuncitem._fixtureinfo.argnames
        asyncio.run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names}))
        return True


ALONE = ["-c", "/dev/null", "--rootdir", "/repository", "-p", "no:cacheprovider"]
CALLED = ["-q", "-rs", "--import-mode=importlib", *ALONE, *TESTS]  # type: ignore[name-defined]
int(pytest.main(CALLED, [Coroutines()]))
