#include "data_prep/toy_scenery.h"

#include <algorithm>

namespace mtcnn {

float between(RandomStream& random, double low, double high) { return static_cast<float>(random.uniform(low, high)); }

Colour any_colour(RandomStream& random) {
  return {between(random, 0, 255), between(random, 0, 255), between(random, 0, 255)};
}

void paint_toy_background(ToyCanvas& canvas, RandomStream& random) {
  canvas.add_gradient(any_colour(random), any_colour(random));
  const float longer = static_cast<float>(std::max(canvas.width(), canvas.height()));
  const auto shapes = random.below(25);
  for (int64_t i = 0; i < shapes; ++i) {
    canvas.paint({.centre = {between(random, 0, canvas.width()), between(random, 0, canvas.height())},
                  .rx = between(random, 0.01, 0.2) * longer,
                  .ry = between(random, 0.01, 0.2) * longer,
                  .degrees = between(random, 0, 180),
                  .colour = any_colour(random),
                  .across = between(random, -40, 40) * Colour{1, 1, 1},
                  .opacity = between(random, 0.3, 1),
                  .roundness = random.chance(0.5) ? 2.0F : 8.0F});
  }
  if (random.chance(0.6)) canvas.add_clouds(between(random, 6, 60), between(random, 5, 50), random);
  if (random.chance(0.3)) canvas.add_clouds(between(random, 2, 5), between(random, 5, 30), random);
  if (random.chance(0.25)) canvas.add_stripes(between(random, 4, 40), between(random, 0, 180), between(random, 5, 35));
}

void finish_toy_picture(ToyCanvas& canvas, RandomStream& random) {
  if (random.chance(0.2)) canvas.blur(1);
  if (random.chance(0.25)) canvas.make_grey();
  canvas.adjust(between(random, 0.6, 1.1), between(random, -25, 25));
  canvas.add_noise(between(random, 0, 8), random);
}

}  // namespace mtcnn
