#!/usr/bin/env python3
"""Compares every figure of `mtcnn eval coco` with pycocotools on made-up data full of hard cases.

usage: coco_against_pycocotools.py MTCNN_PROGRAM
Ends with 77 where pycocotools is not installed.
"""
import contextlib
import io
import json
import pathlib
import subprocess
import sys
import tempfile

SKIPPED = 77
TOLERANCE = 1e-12
SEEDS = 9

try:
    import numpy as np
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval
except ImportError as missing:
    print(f'skipped: {missing}; scripts/setup.sh installs it')
    sys.exit(SKIPPED)

CATEGORY = 3
OTHER_CATEGORY = 8


def make_box(random, largest):
    side = float(np.exp(random.uniform(np.log(4), np.log(largest))))
    return [float(v) for v in (random.uniform(-20, 400), random.uniform(-20, 400), side, side * random.uniform(.6, 1.6))]


def near(random, box, spread):
    """A box like `box`; now and then the very same, so that overlaps tie."""
    if random.random() < .2:
        return list(box)
    shift = random.normal(0, spread, 4)
    return [box[0] + shift[0] * box[2], box[1] + shift[1] * box[3],
            max(0., box[2] * (1 + shift[2])), max(0., box[3] * (1 + shift[3]))]


def make_annotation(random, image, identity, box):
    annotation = {'id': identity, 'image_id': image, 'bbox': box, 'iscrowd': int(random.random() < .15),
                  'category_id': CATEGORY if random.random() < .9 else OTHER_CATEGORY,
                  'area': box[2] * box[3] * random.choice([1, .7, 1, 1.2])}
    if random.random() < .1:
        annotation['ignore'] = 1  # has no effect, neither there nor here
    if random.random() < .1:
        annotation['area'] = float(random.choice([32 ** 2, 96 ** 2]))  # the ends of the ranges
    return annotation


def make_detections(random, image, faces, score):
    detections = []
    for face in faces:
        for _ in range(random.integers(0, 4)):
            detections.append(near(random, face['bbox'], .12))
    for _ in range(random.integers(0, 8)):
        detections.append(make_box(random, 300))
    if random.random() < .05:
        detections.append([10., 10., 0., 5.])  # no area
    random.shuffle(detections)
    return [{'image_id': image, 'category_id': CATEGORY if random.random() < .93 else OTHER_CATEGORY,
             'bbox': [float(v) for v in box], 'score': score()} for box in detections]


def make_twins(random, image, score):
    """Two faces that the first detection overlaps equally, while the second fits the left one only."""
    left, top = (float(v) for v in random.integers(0, 300, 2))
    faces = [make_annotation(random, image, 0, [left + shift, top, 40., 40.]) for shift in (0, 20)]
    first = max(score(), score())
    return faces, [{'image_id': image, 'category_id': CATEGORY, 'bbox': [left + shift, top, 40., 40.], 'score': value}
                   for shift, value in ((10, first), (0, first - .01))]


def make_data(seed):
    """Ground truth and results in COCO's form. Some images have no faces, some no detections, some many of both."""
    random = np.random.default_rng(seed)
    levels = [1000000, 12, 3][seed % 3]  # few levels give many equal scores

    def score():
        return float(random.integers(0, levels + 1)) / levels - (.5 if seed % 4 == 3 else 0)

    identities = [int(i) for i in random.permutation(5000)[:60] + 1]
    images = [{'id': i, 'file_name': f'folder/{i}.jpg', 'width': 500, 'height': 500} for i in identities]
    annotations, results = [], []
    for place, image in enumerate(identities):
        count = 0 if random.random() < .2 else int(random.integers(1, 9))
        if seed % 3 == 0 and place < 2:
            count = 150 if place == 0 else 70  # with more than 1000 and more than 100 detections
        largest = 24 if count > 50 else 250
        faces = [make_annotation(random, image, 0, make_box(random, largest)) for _ in range(count)]
        if faces and random.random() < .3:
            faces.append(dict(faces[0]))  # two faces at one place
        annotations += faces
        if random.random() < .2:
            twins, found = make_twins(random, image, score)
            annotations += twins
            results += found
        if count > 50 or random.random() >= .15:
            found = make_detections(random, image, faces, score)
            results += found * (6 if count > 100 else 1)  # the same again: equal scores, equal overlaps
    random.shuffle(annotations)
    random.shuffle(results)
    for i, annotation in enumerate(annotations):
        annotation['id'] = i + 1
    categories = [{'id': CATEGORY, 'name': 'face'}, {'id': OTHER_CATEGORY, 'name': 'hand'}]
    return {'images': images, 'annotations': annotations, 'categories': categories}, results


def only_small(truth):
    """No face is medium or large: figures without a face to measure them on."""
    for annotation in truth['annotations']:
        annotation['area'] = min(annotation['area'], 1000.)


def reference_figures(truth, results):
    with contextlib.redirect_stdout(io.StringIO()):
        ground_truth = COCO()
        ground_truth.dataset = json.loads(json.dumps(truth))
        ground_truth.createIndex()
        if results:
            detections = ground_truth.loadRes(json.loads(json.dumps(results)))
        else:  # loadRes cannot read an empty list
            detections = COCO()
            detections.dataset = {'images': truth['images'], 'categories': truth['categories'], 'annotations': []}
            detections.createIndex()
        evaluation = COCOeval(ground_truth, detections, 'bbox')
        evaluation.params.catIds = [CATEGORY]
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
        stats = evaluation.stats
        evaluation.params.maxDets = [1, 10, 100, 1000]
        evaluation.evaluate()
        evaluation.accumulate()
        recall = evaluation.eval['recall'][:, :, 0, 3]
        recall = recall[recall > -1]
    names = ('ap', 'ap50', 'ap75', 'ap_small', 'ap_medium', 'ap_large',
             'ar_1', 'ar_10', 'ar_100', 'ar_small', 'ar_medium', 'ar_large')
    figures = dict(zip(names, map(float, stats)))
    figures['ar_1000'] = float(recall.mean()) if len(recall) else -1.
    return figures


def our_figures(program, folder, annotations, detections, category=()):
    command = [program, 'eval', 'coco', '--annotations', str(annotations), '--detections', str(detections),
               '--bootstrap', '0', '--quiet', '--out', str(folder / 'out'), *category]
    subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads((folder / 'out' / 'summary.json').read_text())


def compare(name, ours, reference):
    worst = 0.
    for key, expected in reference.items():
        found = -1. if ours[key] is None else ours[key]
        worst = max(worst, abs(found - expected))
        if not abs(found - expected) <= TOLERANCE:
            sys.exit(f'{name}: {key} is {found!r}, pycocotools says {expected!r}')
    return worst


def as_lines(truth, results, folder):
    """The data in the project's own forms, and the truth as pycocotools must see it to mean the same."""
    truth = json.loads(json.dumps(truth))
    truth['annotations'] = [a for a in truth['annotations'] if a['category_id'] == CATEGORY]
    results = [r for r in results if r['category_id'] == CATEGORY]
    for annotation in truth['annotations']:
        annotation['area'] = annotation['bbox'][2] * annotation['bbox'][3]
    for place, image in enumerate(truth['images']):  # lines come in the order that ids have there
        old, image['id'] = image['id'], place
        for entry in truth['annotations'] + results:
            if entry['image_id'] == old and 'moved' not in entry:
                entry.update(image_id=place, moved=True)
    with open(folder / 'truth.jsonl', 'w') as lines:
        for image in truth['images']:
            faces = [{'box': a['bbox'], 'ignore': bool(a['iscrowd'])}
                     for a in truth['annotations'] if a['image_id'] == image['id']]
            lines.write(json.dumps({'image': image['file_name'], 'faces': faces}) + '\n')
    with open(folder / 'found.jsonl', 'w') as lines:
        for image in reversed(truth['images']):
            faces = [{'box': r['bbox'], 'confidence': r['score']} for r in results if r['image_id'] == image['id']]
            if faces:
                lines.write(json.dumps({'image': image['file_name'], 'faces': faces}) + '\n')
    return truth, results


def main():
    program = sys.argv[1]
    worst, figures = 0., 0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for seed in range(SEEDS):
            truth, results = make_data(seed)
            if seed == 4:
                only_small(truth)
            if seed == 5:
                results = []
            if seed == 7:
                truth['annotations'] = []
            (folder / 'truth.json').write_text(json.dumps(truth, indent=seed % 2 or None))
            (folder / 'found.json').write_text(json.dumps(results, indent=seed % 2 or None))
            reference = reference_figures(truth, results)
            ours = our_figures(program, folder, folder / 'truth.json', folder / 'found.json', ('--category', 'face'))
            worst = max(worst, compare(f'seed {seed}', ours, reference))

            truth, results = as_lines(truth, [dict(r) for r in results], folder)
            line_reference = reference_figures(truth, results)
            ours = our_figures(program, folder, folder / 'truth.jsonl', folder / 'found.jsonl')
            worst = max(worst, compare(f'seed {seed}, JSON lines', ours, line_reference))
            figures += len(reference) + len(line_reference)
            print(f"seed {seed}: AP {reference['ap']:.6f}, AP50 {reference['ap50']:.6f}, AR@100 {reference['ar_100']:.6f}, "
                  f"AR@1000 {reference['ar_1000']:.6f}")
    print(f'{figures} figures agree; the largest difference is {worst:.1e}')


if __name__ == '__main__':
    main()
