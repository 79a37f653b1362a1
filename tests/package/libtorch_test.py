"""cmake/FindLibTorch.cmake finds LibTorch in every layout that people have, and needs no CUDA to link with a CUDA build.

usage: libtorch_test.py CMAKE COMPILER

The LibTorch is a stand-in of the same layout: headers with a version, libraries that name others which are not there.
"""

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CMAKE, COMPILER = sys.argv[1:3]

sys.path.insert(0, str(ROOT / "scripts"))
sys.dont_write_bytecode = True
import libtorch_parts


def compile_library(path, text, *links):
    command = [COMPILER, "-shared", "-fPIC", "-x", "c++", "-", "-o", path, f"-Wl,-soname,{path.name}", "-x", "none", *links]
    subprocess.run(list(map(str, command)), input=text, text=True, check=True)


class LibTorch(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)

    def make(self, place, version=(2, 13, 0), cuda=True, header="headeronly/version.h"):
        """A prefix as a wheel's torch/ or an archive's libtorch/."""
        prefix = self.folder / place
        for folder in ("lib", "include/ATen", "include/torch/csrc/api/include/torch", "include/torch/headeronly", "share/cmake/Torch"):
            (prefix / folder).mkdir(parents=True)
        (prefix / "include/ATen/ATen.h").write_text("#pragma once\nint stand_in();\n")
        numbers = "".join(
            f"/// A comment.\n#define TORCH_VERSION_{name} {value}\n" for name, value in zip(("MAJOR", "MINOR", "PATCH", "ABI_TAG"), (*version, 0))
        )
        (prefix / "include/torch" / header).write_text(numbers)
        # What CMake's own package does with a CUDA build on a machine without the toolkit.
        (prefix / "share/cmake/Torch/TorchConfig.cmake").write_text('message(FATAL_ERROR "I cannot find the CUDA libraries")\n')
        libraries = prefix / "lib"
        compile_library(libraries / "libc10.so", "int c10_stand_in() { return 1; }")
        if cuda:
            elsewhere = self.folder / "nowhere"
            elsewhere.mkdir()
            compile_library(elsewhere / "libcudart.so.13", "int cudart_stand_in() { return 41; }")
            compile_library(
                libraries / "libtorch_cpu.so",
                "int cudart_stand_in(); int stand_in() { return cudart_stand_in() + 1; }",
                elsewhere / "libcudart.so.13",
                libraries / "libc10.so",
            )
            compile_library(libraries / "libtorch_cuda.so", "int cuda_stand_in() { return 2; }")
            (elsewhere / "libcudart.so.13").rename(self.folder / "libcudart.so.13")
        else:
            compile_library(libraries / "libtorch_cpu.so", "int stand_in() { return 42; }", libraries / "libc10.so")
        return prefix

    def configure(self, *settings, **environment):
        """The output of configuring and building a user's project, and whether that worked."""
        build = self.folder / "build"
        clean = {name: value for name, value in os.environ.items() if name not in ("Torch_DIR", "LibTorch_ROOT", "CMAKE_PREFIX_PATH")}
        environment = {**clean, "MTCNN_DEPS_DIR": str(self.folder / "no-deps"), **{name: str(value) for name, value in environment.items()}}
        command = [CMAKE, "-S", HERE / "libtorch", "-B", build, "--fresh", f"-DCMAKE_CXX_COMPILER={COMPILER}", f"-DFINDER={ROOT / 'cmake'}"]
        command += [*settings, "-DCMAKE_BUILD_RPATH_USE_ORIGIN=ON"]
        result = subprocess.run(list(map(str, command)), capture_output=True, text=True, env=environment)
        if result.returncode == 0:
            result = subprocess.run([CMAKE, "--build", str(build)], capture_output=True, text=True, env=environment)
            self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        return (self.folder / "build/CMakeCache.txt").exists() and result.returncode == 0, result.stdout + result.stderr

    def run_user(self):
        return subprocess.run([self.folder / "build/user"], env={**os.environ, "LD_LIBRARY_PATH": str(self.folder)}).returncode

    def test_cuda_wheel_without_cuda(self):
        prefix = self.make("site-packages/torch")
        worked, output = self.configure(f"-DCMAKE_PREFIX_PATH={prefix / 'share/cmake'}")
        self.assertTrue(worked, output)
        self.assertEqual(self.run_user(), 0)
        needed = subprocess.run(["readelf", "-d", self.folder / "build/user"], capture_output=True, text=True).stdout
        self.assertIn("libtorch_cpu.so", needed)
        self.assertNotIn("libtorch_cuda.so", needed)

    def test_torch_dir_and_prefix_by_variable_and_environment(self):
        prefix = self.make("libtorch", cuda=False)
        for place in (prefix, prefix / "share/cmake", prefix / "share/cmake/Torch"):
            for settings, environment in (([f"-DTorch_DIR={place}"], {}), ([], {"Torch_DIR": place}), ([], {"CMAKE_PREFIX_PATH": place})):
                worked, output = self.configure(*settings, **environment)
                self.assertTrue(worked, output)
        self.assertEqual(self.run_user(), 0)

    def test_older_headers(self):
        prefix = self.make("libtorch", (2, 8, 1), cuda=False, header="csrc/api/include/torch/version.h")
        worked, output = self.configure(f"-DTorch_DIR={prefix}")
        self.assertTrue(worked, output)

    def test_too_old_and_absent(self):
        prefix = self.make("libtorch", (2, 7, 0), cuda=False)
        worked, output = self.configure(f"-DTorch_DIR={prefix}")
        self.assertFalse(worked)
        self.assertIn("2.7.0", output)
        worked, output = self.configure(f"-DTorch_DIR={self.folder}")
        self.assertFalse(worked)

    def test_virtual_environment_of_setup(self):
        self.make("deps/venv/lib/python3.12/site-packages/torch", cuda=False)
        worked, output = self.configure(MTCNN_DEPS_DIR=self.folder / "deps")
        self.assertTrue(worked, output)
        # A place that was named and holds nothing is not passed over in silence.
        worked, output = self.configure(MTCNN_DEPS_DIR=self.folder / "deps", Torch_DIR=self.folder)
        self.assertFalse(worked, output)


class Parts(unittest.TestCase):
    def test_what_the_cpu_needs_of_a_cuda_wheel(self):
        toolkit = ["filelock", 'cuda-toolkit[cublas,cudart,cufft,cupti,nvtx]==13.0.3; platform_system == "Linux"', "triton==3.7.1"]
        self.assertEqual(list(libtorch_parts.parts(toolkit)), ["cuda-toolkit[cudart,cupti]==13.0.3"])
        apart = ['nvidia-cuda-runtime-cu12==12.8.90; platform_system == "Linux"', "nvidia-cuda-cupti-cu12==12.8.90", "nvidia-cuda-nvrtc-cu12==1"]
        self.assertEqual(list(libtorch_parts.parts(apart)), ["nvidia-cuda-runtime-cu12==12.8.90", "nvidia-cuda-cupti-cu12==12.8.90"])
        self.assertEqual(list(libtorch_parts.parts(["filelock", "sympy>=1.13.3"])), [])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
