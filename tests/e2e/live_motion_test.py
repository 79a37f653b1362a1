"""`mtcnn live` on videos of known motion: jitter and lag of boxes and landmarks, and who is who.

usage: live_motion_test.py PROGRAM MAKE_FILM [unittest arguments]
Prints the figures of docs/live.md.
"""
import math
import sys
import unittest

from live_support import Live, LiveTestCase

POINTS = ("left_eye", "right_eye", "nose", "mouth_left", "mouth_right")


def coordinates(face):
    """Edges of the box, then the points: x and y in turn."""
    x, y, w, h = face["box"]
    values = [x, y, x + w, y + h]
    for name in POINTS:
        values += face["keypoints"][name]
    return values


def root_mean_square(values):
    return math.sqrt(sum(value * value for value in values) / len(values))


def motion_errors(rows, truth, skip=15):
    """For each frame the coordinates of the first face as the still picture has them (they would be constant, were the
    detector exact and never late), times the scale; and the frames' scales and places. Begins when all has settled."""
    errors = []
    for row, [(scale, dx, dy), *_] in list(zip(rows, truth))[skip:]:
        if row["faces"]:
            values = coordinates(row["faces"][0])
            errors.append([(value - (dy if i % 2 else dx)) / scale for i, value in enumerate(values)])
    return errors


def jitter(rows, truth):
    """Root mean square of the change of the error from frame to frame, pixels: of box edges, of points."""
    errors = motion_errors(rows, truth)
    steps = [[b - a for a, b in zip(before, after)] for before, after in zip(errors, errors[1:])]
    return (root_mean_square([value for step in steps for value in step[:4]]),
            root_mean_square([value for step in steps for value in step[4:]]))


def lag(rows, truth, skip=15):
    """By how many frames the faces trail the true motion: the delay at which the true motion, moved to the left by it,
    comes nearest to what was found (least squares, in steps of a twentieth of a frame)."""
    anchor = [value for value in motion_errors(rows, truth)]
    mean = [sum(column) / len(column) for column in zip(*anchor)]

    def place(frame):
        low = max(0, min(len(truth) - 2, int(math.floor(frame))))
        share = frame - low
        return [a + share * (b - a) for a, b in zip(truth[low][0], truth[low + 1][0])]

    best = None
    for step in range(-40, 81):
        delay = step / 20
        residuals = []
        for index in range(skip, len(rows) - 3):
            if not rows[index]["faces"]:
                continue
            scale, dx, dy = place(index - delay)
            values = coordinates(rows[index]["faces"][0])
            residuals.append([value - (scale * mean[i] + (dy if i % 2 else dx)) for i, value in enumerate(values)])
        # A constant offset is no delay.
        centres = [sum(column) / len(column) for column in zip(*residuals)]
        total = sum((value - centre) ** 2 for row in residuals for value, centre in zip(row, centres))
        if best is None or total < best[0]:
            best = (total, delay)
    return best[1]


class Motion(LiveTestCase):
    def test_smooth_takes_jitter_off_without_delay(self):
        for scene in ("slow", "zoom", "walk", "fast"):
            film, truth = self.film(scene, 90, f"{scene}.mp4")
            # Plain: each frame on its own, each face from one window. The default model calms a frame already: windows vote, and O-Net looks twice.
            plain, default, smooth = (Live("--video", film, "--json", "-", "--min-face", "40", *extra)
                                    for extra in (["--set", "box_voting=0", "--set", "mirror_weight=0"], [], ["--smooth"]))
            self.assertEqual((plain.code, default.code, smooth.code), (0, 0, 0), plain.err + default.err + smooth.err)
            box, points = jitter(plain.rows, truth)
            default_box, default_points = jitter(default.rows, truth)
            smooth_box, smooth_points = jitter(smooth.rows, truth)
            delay = lag(smooth.rows, truth)
            print(f"{scene:5} jitter of boxes {box:.3f}, by default {default_box:.3f}, smooth {smooth_box:.3f} px "
                  f"({box / smooth_box:.1f} times less), of points {points:.3f}, {default_points:.3f}, {smooth_points:.3f} px "
                  f"({points / smooth_points:.1f} times), lag {delay:.2f} frames "
                  f"(without --smooth {lag(plain.rows, truth):.2f})")
            self.assertGreaterEqual(box / smooth_box, 5, scene)
            self.assertGreaterEqual(points / smooth_points, 4, scene)
            self.assertGreaterEqual(default_box / smooth_box, 1.15, scene)
            self.assertGreaterEqual(default_points / smooth_points, 1.25, scene)
            self.assertLess(delay, 2, scene)
            self.assertTrue(all(1 in [face["id"] for face in row["faces"]] for row in smooth.rows), scene)

    def test_identities_never_swap_when_faces_pass_each_other(self):
        film, truth = self.film("cross", 130)
        for extra in ([], ["--smooth"], ["--smooth", "--detect-every", "5"], ["--detect-every", "10"]):
            run = Live("--video", film, "--json", "-", *extra)
            self.assertEqual(run.code, 0, run.err)
            identities = [set(), set()]
            seen = [0, 0]
            for row, places in zip(run.rows, truth):
                for face in row["faces"]:
                    x, y, w, h = face["box"]
                    for which, (scale, dx, dy) in enumerate(places):
                        if dx <= x + w / 2 < dx + 150 and dy <= y + h / 2 < dy + 150:
                            identities[which].add(face["id"])
                            seen[which] += 1
            self.assertEqual([len(ids) for ids in identities], [1, 1], (extra, identities))
            self.assertTrue(identities[0].isdisjoint(identities[1]), extra)
            self.assertGreater(min(seen), 0.9 * len(run.rows), extra)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
