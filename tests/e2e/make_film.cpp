// Videos of still images in known motion, for the test of `mtcnn live`.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/videoio.hpp>

namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr double kFps = 30;

/// Where an image's pixels lie in a frame: scale * p + (dx, dy).
struct Place {
  double scale = 1;
  double dx = 0;
  double dy = 0;
};

double wave(int frame, double amplitude, double period, double phase = 0) {
  return amplitude * std::sin(2 * kPi * frame / period + phase);
}

/// Back and forth over `amplitude` at constant speed.
double zigzag(int frame, double amplitude, double speed) {
  const double way = std::fmod(std::abs(frame * speed), 4 * amplitude);
  return way < amplitude ? way : way < 3 * amplitude ? 2 * amplitude - way : way - 4 * amplitude;
}

/// How an image that hangs in the frame's middle moves.
Place motion(const std::string& name, int frame) {
  if (name == "still") return {};
  if (name == "slow") return {1, zigzag(frame, 9, 0.37), zigzag(frame, 5, 0.13)};
  if (name == "fast") return {1, zigzag(frame, 60, 4.3), zigzag(frame, 40, 1.7)};
  if (name == "sway") return {1, wave(frame, 50, 75), wave(frame, 15, 51, 1)};
  if (name == "zoom") return {1 + wave(frame, 0.25, 110), wave(frame, 10, 200), 0};
  if (name == "walk")
    return {1 + wave(frame, 0.06, 131, 2), wave(frame, 31, 97, 0.3) + wave(frame, 9, 41, 1.1) + wave(frame, 2, 17),
            wave(frame, 17, 83, 2) + wave(frame, 6, 37, 0.4) + wave(frame, 1.5, 13)};
  throw std::invalid_argument("no such motion: " + name);
}

cv::Mat read(const std::string& path) {
  cv::Mat picture = cv::imread(path);
  if (picture.empty()) throw std::runtime_error("cannot read " + path);
  return picture;
}

/// Draws the image into the frame. Shrinks by areas first where it must, so that nothing aliases.
void paste(const cv::Mat& picture, const Place& place, cv::Mat& frame, int border) {
  // OpenCV's pixel centres are whole numbers, here they are at halves.
  const double shift = (place.scale - 1) / 2;
  const cv::Matx23d map(place.scale, 0, place.dx + shift, 0, place.scale, place.dy + shift);
  cv::warpAffine(picture, frame, map, frame.size(), cv::INTER_CUBIC, border);
}

void add_grain(cv::Mat& frame, double deviation, cv::RNG& random) {
  if (deviation <= 0) return;
  cv::Mat grain(frame.size(), CV_16SC3);
  random.fill(grain, cv::RNG::NORMAL, 0, deviation);
  cv::add(frame, grain, frame, cv::noArray(), CV_8U);
}

/// One frame of a scene, and where its images lie.
std::vector<Place> draw(const std::string& scene, const std::vector<cv::Mat>& pictures, int index, cv::Mat& frame) {
  if (scene == "cross") {
    // Two faces on their way to the other side, one above the other: their boxes come near and never overlap.
    const double way = zigzag(index, 190, 3.3);
    const std::vector<Place> places = {{1, 240 + way, 10}, {1, 240 - way, 200}};
    frame.setTo(cv::Scalar(120, 128, 110));
    for (size_t i = 0; i < pictures.size(); ++i) paste(pictures[i], places[i], frame, cv::BORDER_TRANSPARENT);
    return places;
  }
  Place place = motion(scene, index);
  const cv::Mat& picture = pictures.front();
  // About the middle of the image's upper half, where the face is.
  place.dx += frame.cols / 2.0 - place.scale * picture.cols / 2.0;
  place.dy += frame.rows / 2.0 - place.scale * picture.rows / 3.0;
  paste(picture, place, frame, cv::BORDER_REFLECT_101);
  return {place};
}

/// The square round a sample's face, shrunk to 150 pixels.
cv::Mat portrait(const cv::Mat& picture, const cv::Rect& square) {
  cv::Mat small;
  cv::resize(picture(square), small, {150, 150}, 0, 0, cv::INTER_AREA);
  return small;
}

void make(const std::string& film, const std::string& wanted, const std::string& samples, double grain, int count) {
  const std::string scene = wanted.substr(0, wanted.find(':'));
  cv::Size size = scene == "cross" ? cv::Size(640, 360) : cv::Size(480, 360);
  if (scene != wanted) std::sscanf(wanted.c_str() + scene.size(), ":%dx%d", &size.width, &size.height);
  std::vector<cv::Mat> pictures = {read(samples + "/astronaut.jpg")};
  if (scene == "cross")
    pictures = {portrait(pictures[0], {130, 20, 200, 200}),
                portrait(read(samples + "/grace_hopper.jpg"), {115, 60, 320, 320})};
  cv::Mat frame(size, CV_8UC3);
  const int codec = film.ends_with(".h264") ? cv::VideoWriter::fourcc('H', '2', '6', '4')
                                            : cv::VideoWriter::fourcc('m', 'p', '4', 'v');
  cv::VideoWriter writer(film, cv::CAP_FFMPEG, codec, kFps, frame.size());
  if (!writer.isOpened()) throw std::runtime_error("cannot write " + film);
  std::ofstream truth(film + ".truth");
  cv::RNG random(7);
  for (int index = 0; index < count; ++index) {
    const std::vector<Place> places = draw(scene, pictures, index, frame);
    for (const Place& place : places) truth << place.scale << ' ' << place.dx << ' ' << place.dy << ' ';
    truth << '\n';
    add_grain(frame, grain, random);
    writer.write(frame);
  }
}

}  // namespace

/// usage: make_film FILM SCENE SAMPLES_FOLDER GRAIN FRAMES; writes FILM and, into FILM.truth, a line a frame: for each
/// image `scale dx dy`. SCENE is still, slow, fast, sway, zoom, walk or cross, with :WIDTHxHEIGHT behind it where the
/// frames are to have another size; GRAIN a standard deviation.
int main(int argc, char** argv) {
  if (argc != 6) return 2;
  try {
    make(argv[1], argv[2], argv[3], std::atof(argv[4]), std::atoi(argv[5]));
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
  return 0;
}
