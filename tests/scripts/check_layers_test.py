"""check_layers.py sees each kind of wrong include and link, and nothing in trees that are right."""

import re
import subprocess
import sys
import unittest

from tree import SOURCE_ROOT, CheckTestCase, Tree, load_script

check_layers = load_script("check_layers")


def header(*includes):
    return "#pragma once\n" + "".join(f"#include {name}\n" for name in includes)


def room(name, links=""):
    return f"mtcnn_add_module({name}\n  SOURCES a.cpp\n  {links})\n"


class CheckLayers(CheckTestCase):
    script = check_layers

    def test_right_tree(self):
        files = {
            "src/mtcnn/core/CMakeLists.txt": room("core"),
            "src/mtcnn/core/error.h": header("<string>"),
            "src/mtcnn/core/log.cpp": '#include "mtcnn/core/error.h"\n#include <spdlog/spdlog.h>\n',
            "src/mtcnn/geometry/CMakeLists.txt": room("geometry", "PUBLIC mtcnn::core"),
            "src/mtcnn/geometry/box.h": header('"mtcnn/core/error.h"'),
            "src/mtcnn/image/CMakeLists.txt": room("image", "PRIVATE opencv_core"),
            "src/mtcnn/image/read.cpp": "#include <opencv2/core.hpp>\n",
            "src/mtcnn/model/CMakeLists.txt": room("model", "PUBLIC mtcnn::core"),
            "src/mtcnn/model/model.h": header('"mtcnn/core/error.h"'),
            "src/mtcnn/gpu/CMakeLists.txt": room("gpu", "PUBLIC torch mtcnn::detect"),
            "src/mtcnn/gpu/net.cpp": '#include "mtcnn/detect/run.h"\n#include <torch/torch.h>\n',
            "src/mtcnn/train/CMakeLists.txt": room("train_files") + room("train", "PUBLIC mtcnn::train_files"),
            "src/mtcnn/detect/CMakeLists.txt": room("detect", "PUBLIC mtcnn::geometry\n  PRIVATE mtcnn::model"),
            "src/mtcnn/detect/run.h": header('"mtcnn/geometry/box.h"'),
            "src/mtcnn/detect/run.cpp": '#include "mtcnn/detect/run.h"\n#include "mtcnn/model/model.h"\n',
            "src/mtcnn/video/CMakeLists.txt": room("video", "PRIVATE opencv_videoio"),
            "src/mtcnn/video/camera.cpp": "#include <opencv2/videoio.hpp>\n#include <libavcodec/avcodec.h>\n",
            "src/mtcnn/cli/main.cpp": '#include "mtcnn/detect/run.h"\n',
            "src/mtcnn/cli/CMakeLists.txt": "add_executable(mtcnn main.cpp)\n",
        }
        self.assertEqual(self.complaints(files), [])

    def test_wrong_direction(self):
        files = {"src/mtcnn/geometry/box.h": header('"mtcnn/core/error.h"', '"mtcnn/image/image.h"'),
                 "src/mtcnn/geometry/CMakeLists.txt": room("geometry", "PUBLIC mtcnn::core")}
        self.assert_one(files, "src/mtcnn/geometry/box.h:3", "geometry may not include image", "core")

    def test_core_includes_nothing(self):
        self.assert_one({"src/mtcnn/core/a.h": header('"mtcnn/geometry/box.h"')}, "src/mtcnn/core/a.h:2", "it may include: nothing")

    def test_train_and_detect_do_not_meet(self):
        self.assert_one({"src/mtcnn/train/a.h": header('"mtcnn/detect/detector.h"')}, "src/mtcnn/train/a.h:2", "train")
        self.assert_one({"src/mtcnn/detect/a.h": header('"mtcnn/train/trainer.h"')}, "src/mtcnn/detect/a.h:2", "detect")

    def test_data_prep_outside_of_src(self):
        self.assert_one({"data_prep/a.h": header('"mtcnn/train/trainer.h"')}, "data_prep/a.h:2", "data_prep", "train")

    def test_the_c_functions_link_what_detects(self):
        files = {"src/mtcnn/capi/CMakeLists.txt": "target_link_libraries(mtcnn_c PRIVATE mtcnn::detect)\n",
                 "src/mtcnn/capi/capi.cpp": '#include "mtcnn/detect/detector.h"\n'}
        self.assertEqual(self.complaints(files), [])
        files["src/mtcnn/capi/capi.cpp"] += '#include "mtcnn/train/trainer.h"\n'
        self.assert_one(files, "src/mtcnn/capi/capi.cpp:2", "capi may not include train")

    def test_nothing_includes_cli(self):
        self.assert_one({"src/mtcnn/detect/a.h": header('"mtcnn/cli/common.h"')}, "src/mtcnn/detect/a.h:2", "nothing includes cli")

    def test_unknown_room(self):
        self.assert_one({"src/mtcnn/core/a.h": header('"mtcnn/misc/a.h"')}, "src/mtcnn/core/a.h:2", "no room misc")
        self.assert_one({"src/mtcnn/misc/a.h": header()}, "src/mtcnn/misc:1", "misc is no room")

    def test_torch_doors(self):
        for name in ("torch/torch.h", "ATen/ATen.h", "c10/core/Device.h"):
            self.assert_one({"src/mtcnn/core/a.h": header(f"<{name}>")}, "src/mtcnn/core/a.h:2", "LibTorch")
            self.assert_one({"src/mtcnn/detect/a.h": header(f"<{name}>")}, "src/mtcnn/detect/a.h:2", "LibTorch")
            self.assertEqual(self.complaints({"src/mtcnn/train/a.h": header(f"<{name}>")}), [])

    def test_opencv_door(self):
        self.assert_one({"src/mtcnn/data/a.h": header("<opencv2/core.hpp>")}, "src/mtcnn/data/a.h:2", "OpenCV")

    def test_spdlog_door(self):
        self.assert_one({"src/mtcnn/core/a.h": header("<spdlog/spdlog.h>")}, "src/mtcnn/core/a.h:2", "spdlog", "core/log.cpp")

    def test_forms_of_include(self):
        self.assert_one({"src/mtcnn/core/a.h": header('"b.h"')}, "src/mtcnn/core/a.h:2", "start with mtcnn/")
        self.assert_one({"src/mtcnn/core/a.h": header("<mtcnn/core/b.h>")}, "src/mtcnn/core/a.h:2", '"mtcnn/core/b.h"')

    def test_comments_are_no_includes(self):
        text = '/*\n#include "a.h"\n*/\n// #include "b.h"\n#pragma once\n#include "c.h"\n'
        self.assert_one({"src/mtcnn/core/a.h": text}, "src/mtcnn/core/a.h:6", '"c.h"')

    def test_missing_guard(self):
        self.assert_one({"src/mtcnn/core/a.h": "// #pragma once\n"}, "src/mtcnn/core/a.h:1", "#pragma once")

    def test_cycle(self):
        files = {"src/mtcnn/core/a.h": header('"mtcnn/core/b.h"'), "src/mtcnn/core/b.h": header('"mtcnn/core/c.h"'),
                 "src/mtcnn/core/c.h": header('"mtcnn/core/a.h"')}
        self.assert_one(files, "src/mtcnn/core/c.h:2", "core/a.h -> core/b.h -> core/c.h -> core/a.h")
        self.assert_one({"src/mtcnn/core/a.h": header('"mtcnn/core/a.h"')}, "src/mtcnn/core/a.h:2", "circle")

    def test_diamond_is_no_cycle(self):
        files = {"src/mtcnn/core/a.h": header('"mtcnn/core/b.h"', '"mtcnn/core/c.h"'), "src/mtcnn/core/d.h": header(),
                 "src/mtcnn/core/b.h": header('"mtcnn/core/d.h"'), "src/mtcnn/core/c.h": header('"mtcnn/core/d.h"')}
        self.assertEqual(self.complaints(files), [])

    def test_forbidden_link(self):
        files = {"src/mtcnn/geometry/CMakeLists.txt": room("geometry", "PUBLIC mtcnn::core\n  PRIVATE mtcnn::gpu")}
        self.assert_one(files, "src/mtcnn/geometry/CMakeLists.txt:4", "may not link mtcnn::gpu")

    def test_commented_link_does_not_count(self):
        files = {"src/mtcnn/geometry/CMakeLists.txt": "# mtcnn::gpu\n" + room("geometry", "PUBLIC mtcnn::core")}
        self.assertEqual(self.complaints(files), [])

    def test_missing_link(self):
        files = {"src/mtcnn/geometry/CMakeLists.txt": room("geometry"), "src/mtcnn/geometry/a.cpp": '#include "mtcnn/core/error.h"\n'}
        self.assert_one(files, "src/mtcnn/geometry/a.cpp:1", "does not link mtcnn::core")

    def test_private_link_of_a_header_that_others_see(self):
        files = {"src/mtcnn/geometry/CMakeLists.txt": room("geometry", "PRIVATE mtcnn::core"),
                 "src/mtcnn/geometry/a.h": header('"mtcnn/core/error.h"'),
                 "src/mtcnn/geometry/a.cpp": '#include "mtcnn/geometry/a.h"\n'}
        self.assertEqual(self.complaints(files), [])
        files["src/mtcnn/geometry/b.h"] = header('"mtcnn/geometry/a.h"')
        files["src/mtcnn/cli/verbs.h"] = header('"mtcnn/geometry/b.h"')
        self.assert_one(files, "src/mtcnn/geometry/a.h:2", "PUBLIC")

    def test_installed_headers_include_installed_ones_alone(self):
        files = {"src/mtcnn/core/CMakeLists.txt": "mtcnn_add_module(core\n  HEADERS error.h gone.h\n  SOURCES a.cpp)\n",
                 "src/mtcnn/core/error.h": header('"mtcnn/core/text.h"'),
                 "src/mtcnn/core/text.h": header()}
        self.assertEqual(self.complaints(files), [
            'src/mtcnn/core/error.h:2: "mtcnn/core/text.h": an installed header includes installed ones alone: add this one to HEADERS',
            "src/mtcnn/core/CMakeLists.txt:1: HEADERS names gone.h, which is not there",
        ])
        files["src/mtcnn/core/CMakeLists.txt"] = "mtcnn_add_module(core\n  HEADERS error.h text.h\n  SOURCES a.cpp)\n"
        self.assertEqual(self.complaints(files), [])

    def test_room_without_cmake(self):
        self.assert_one({"src/mtcnn/core/a.cpp": ""}, "src/mtcnn/core/CMakeLists.txt:1", "no CMakeLists.txt")

    def run_script(self, *arguments):
        command = [sys.executable, str(SOURCE_ROOT / "scripts" / "check_layers.py"), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def test_program(self):
        with Tree({"src/mtcnn/core/a.h": ""}) as root:
            bad = self.run_script("--root", str(root))
        self.assertEqual(bad.returncode, 1)
        self.assertEqual(bad.stdout, "src/mtcnn/core/a.h:1: a header without #pragma once\n")
        with Tree({"src/mtcnn/core/a.h": header()}) as root:
            self.assertEqual(self.run_script("--root", str(root)).returncode, 0)

    def test_table_names_every_room(self):
        printed = self.run_script("--table").stdout
        for name in check_layers.ROOMS:
            self.assertIn(f"| `{name}` |", printed)

    def test_the_table_in_the_documentation_is_this_one(self):
        text = (SOURCE_ROOT / "docs" / "architecture.md").read_text("utf-8")
        rows = re.findall(r"^\| `(\w+)` \| [^|]+ \|([^|]*)\|$", text, re.MULTILINE)
        self.assertEqual({name: re.findall(r"\w+", allowed) for name, allowed in rows}, check_layers.ROOMS)


if __name__ == "__main__":
    unittest.main()
