#include "mtcnn/image/draw.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/text.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <opencv2/imgproc.hpp>

namespace mtcnn {
namespace {

const cv::Scalar kFrame(90, 240, 130);  // RGB: the image is drawn into as it lies in memory
const cv::Scalar kShade(10, 25, 15);    // round bright things, so that they show on bright ground
const cv::Scalar kPoint(255, 225, 40);
const cv::Scalar kNote(245, 245, 245);

/// Sizes in pixels that suit one image.
struct Style {
  int line = 1;
  int shade = 0;         ///< width of the dark rim
  double text_max = 10;  ///< height of a digit
  double text_min = 7;
};

Style style_for(const Image& image) {
  const double side = std::sqrt(static_cast<double>(image.width()) * image.height());
  Style style;
  style.line = std::max(1, static_cast<int>(std::lround(side / 350)));
  style.shade = side < 200 ? 0 : std::max(1, style.line / 3);
  style.text_min = std::max(7.0, side / 110);
  style.text_max = std::max(7.0, side / 48);
  return style;
}

bool is_finite(const Box& box) {
  return std::isfinite(box.x1) && std::isfinite(box.y1) && std::isfinite(box.x2) && std::isfinite(box.y2);
}

/// Whole pixels, near enough to the image for OpenCV's integers.
int to_pixel(float position, int size, int reach) {
  return static_cast<int>(
      std::lround(std::clamp(position, static_cast<float>(-reach), static_cast<float>(size + reach))));
}

/// Fills [x1, x2) x [y1, y2) as far as it lies in the image.
void fill(cv::Mat& canvas, int x1, int y1, int x2, int y2, const cv::Scalar& colour) {
  const cv::Rect area = cv::Rect(cv::Point(x1, y1), cv::Point(std::max(x1, x2), std::max(y1, y2))) &
                        cv::Rect(0, 0, canvas.cols, canvas.rows);
  if (!area.empty()) canvas(area).setTo(colour);
}

/// A frame whose outer edge is `outer` and which is `width` thick.
void frame(cv::Mat& canvas, const cv::Rect& outer, int width, const cv::Scalar& colour) {
  const int x1 = outer.x;
  const int y1 = outer.y;
  const int x2 = outer.x + outer.width;
  const int y2 = outer.y + outer.height;
  fill(canvas, x1, y1, x2, std::min(y2, y1 + width), colour);
  fill(canvas, x1, std::max(y1, y2 - width), x2, y2, colour);
  fill(canvas, x1, y1, std::min(x2, x1 + width), y2, colour);
  fill(canvas, std::max(x1, x2 - width), y1, x2, y2, colour);
}

/// The box in whole pixels; edges far outside end just outside, where they do not show.
cv::Rect to_pixels(const Box& box, const Image& image, const Style& style) {
  const int reach = 4 * (style.line + style.shade) + 1;
  const int x1 = to_pixel(box.x1, image.width(), reach);
  const int y1 = to_pixel(box.y1, image.height(), reach);
  return {x1, y1, std::max(0, to_pixel(box.x2, image.width(), reach) - x1),
          std::max(0, to_pixel(box.y2, image.height(), reach) - y1)};
}

void draw_box(cv::Mat& canvas, const cv::Rect& box, const Style& style) {
  const cv::Rect outer(box.x - style.shade, box.y - style.shade, box.width + 2 * style.shade,
                       box.height + 2 * style.shade);
  if (style.shade > 0) frame(canvas, outer, style.line + 2 * style.shade, kShade);
  frame(canvas, box, style.line, kFrame);
}

void draw_points(cv::Mat& canvas, const Face& face, const Style& style) {
  constexpr int kFractionBits = 4;
  const double side = std::max(face.box.width(), face.box.height());
  // On a small face five full dots would hide it, and so would many on any.
  const double crowd = std::sqrt(std::max(1.0, static_cast<double>(face.landmarks.size()) / kLandmarkCount));
  const double radius = std::clamp(side / 40, 0.6, std::max(0.6, 1.4 * style.line / crowd));
  for (const Point& point : face.landmarks) {
    const bool visible = point.x > -2 * radius && point.x < canvas.cols + 2 * radius && point.y > -2 * radius &&
                         point.y < canvas.rows + 2 * radius;
    if (!visible) continue;  // also where it is no number
    const auto fraction = [](double value) { return static_cast<int>(std::lround(value * (1 << kFractionBits))); };
    const cv::Point centre(fraction(point.x - 0.5), fraction(point.y - 0.5));
    if (style.shade > 0 && radius >= 1.2) {
      cv::circle(canvas, centre, fraction(radius + style.shade), kShade, cv::FILLED, cv::LINE_AA, kFractionBits);
    }
    cv::circle(canvas, centre, fraction(radius), kPoint, cv::FILLED, cv::LINE_AA, kFractionBits);
  }
}

void draw_label(cv::Mat& canvas, const cv::Rect& box, const std::string& text, const Style& style) {
  const double height = std::clamp(box.width / 5.0, style.text_min, style.text_max);
  const int font = height < 12 ? cv::FONT_HERSHEY_SIMPLEX : cv::FONT_HERSHEY_DUPLEX;  // the latter's strokes are double
  const int thickness = std::max(1, static_cast<int>(std::lround(height / 11)));
  const double scale = cv::getFontScaleFromHeight(font, static_cast<int>(std::lround(height)), thickness);
  int below = 0;
  const cv::Size size = cv::getTextSize(text, font, scale, thickness, &below);
  const int pad = std::max(2, static_cast<int>(std::lround(height / 4)));
  const int label_width = size.width + 2 * pad;
  const int label_height = size.height + 2 * pad;
  if (label_width > canvas.cols || label_height > canvas.rows || label_width > 2 * box.width) return;
  const bool room_above = box.y >= label_height;
  const bool room_below = box.y + box.height + label_height <= canvas.rows;
  const int wanted = room_above ? box.y - label_height : room_below ? box.y + box.height : box.y;
  const int x = std::clamp(box.x, 0, canvas.cols - label_width);
  const int y = std::clamp(wanted, 0, canvas.rows - label_height);
  fill(canvas, x, y, x + label_width, y + label_height, kFrame);
  cv::putText(canvas, text, {x + pad, y + pad + size.height}, font, scale, kShade, thickness, cv::LINE_AA);
}

}  // namespace

void draw_faces(Image& image, std::span<const Face> faces) {
  std::vector<std::string> labels;
  for (const Face& face : faces) labels.push_back(fixed(face.confidence, 2));
  draw_faces(image, faces, labels);
}

void draw_faces(Image& image, std::span<const Face> faces, std::span<const std::string> labels) {
  require(faces.size() == labels.size(), "draw_faces: one label a face");
  if (image.empty()) return;
  cv::Mat canvas(image.height(), image.width(), CV_8UC3, image.row(0));
  const Style style = style_for(image);
  for (const Face& face : faces) {
    if (is_finite(face.box)) draw_box(canvas, to_pixels(face.box, image, style), style);
  }
  // After all boxes, so that no line of a neighbour crosses them.
  for (const Face& face : faces) {
    if (is_finite(face.box)) draw_points(canvas, face, style);
  }
  for (size_t i = 0; i < faces.size(); ++i) {
    if (is_finite(faces[i].box) && !labels[i].empty())
      draw_label(canvas, to_pixels(faces[i].box, image, style), labels[i], style);
  }
}

void draw_notes(Image& image, std::span<const std::string> lines) {
  if (image.empty() || lines.empty()) return;
  cv::Mat canvas(image.height(), image.width(), CV_8UC3, image.row(0));
  constexpr int kFont = cv::FONT_HERSHEY_SIMPLEX;
  const int height = std::max(8, static_cast<int>(std::lround(style_for(image).text_max)));
  const int thickness = std::max(1, height / 12);
  double scale = cv::getFontScaleFromHeight(kFont, height, thickness);
  int below = 0;
  int width = 1;
  for (const std::string& line : lines)
    width = std::max(width, cv::getTextSize(line, kFont, scale, thickness, &below).width);
  const int pad = std::max(3, height / 2);
  // Text that is too wide shrinks.
  const double shrink = std::clamp(static_cast<double>(canvas.cols - 2 * pad) / width, 0.1, 1.0);
  scale *= shrink;
  const int step = static_cast<int>(std::lround(1.7 * height * shrink));
  const int bottom = std::min(canvas.rows, pad + step * static_cast<int>(lines.size()) + pad / 2);
  const int right = std::min(canvas.cols, static_cast<int>(std::lround(width * shrink)) + 2 * pad);
  cv::Mat ground = canvas(cv::Rect(0, 0, right, bottom));
  ground.convertTo(ground, -1, 0.35);  // darker, and what is behind still shows
  int y = pad + static_cast<int>(std::lround(height * shrink));
  for (const std::string& line : lines) {
    cv::putText(canvas, line, {pad, y}, kFont, scale, kNote, thickness, cv::LINE_AA);
    y += step;
  }
}

}  // namespace mtcnn
