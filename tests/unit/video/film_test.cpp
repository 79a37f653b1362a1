#include "mtcnn/core/error.h"
#include "mtcnn/core/file.h"
#include "mtcnn/image/write.h"
#include "mtcnn/video/camera.h"
#include "mtcnn/video/film_reader.h"
#include "mtcnn/video/film_writer.h"
#include "mtcnn/video/silence.h"
#include "mtcnn/video/window.h"

#include <cmath>
#include <cstdlib>
#include <fstream>

#include "support/temp_folder.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mtcnn {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

/// The message of the Error that `action` throws, whatever its code; nothing, and the test fails, where it throws none.
template <class Action>
std::string error_of(Action&& action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << "a message is one line";
    return error.what();
  }
  ADD_FAILURE() << "no Error was thrown";
  return {};
}

/// A ramp of colours that moves a little from frame to frame.
Image ramp(int width, int height, int index) {
  Image image(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      uint8_t* pixel = image.row(y) + ptrdiff_t{3} * x;
      pixel[0] = static_cast<uint8_t>(40 + 150 * x / width);
      pixel[1] = static_cast<uint8_t>(60 + 120 * y / height);
      pixel[2] = static_cast<uint8_t>(100 + index);
    }
  }
  return image;
}

void write_film(const fs::path& path, int width, int height, int frames, double rate) {
  FilmWriter writer(path, rate);
  for (int i = 0; i < frames; ++i) writer.write(ramp(width, height, i).view(), i / rate);
  writer.finish();
}

class Film : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { silence_media_libraries(); }
  testing::TempFolder folder_;
  fs::path path(const std::string& name) const { return folder_ / name; }
  void write(const std::string& name, const std::string& content) const {
    std::ofstream(path(name), std::ios::binary) << content;
  }
  size_t files() const {
    return static_cast<size_t>(std::distance(fs::directory_iterator(folder_.path()), fs::directory_iterator()));
  }
};

TEST_F(Film, ComesBackAsItWasWritten) {
  for (const char* name : {"a.mp4", "b.mkv", "c.mov", "d.M4V"}) {
    for (const double rate : {25.0, 30000 / 1001.0, 12.5}) {
      write_film(path(name), 96, 64, 20, rate);
      const std::unique_ptr<FrameSource> film = open_film(path(name));
      EXPECT_NEAR(film->rate(), rate, 0.02 * rate) << name;
      Frame frame;
      int count = 0;
      for (; film->next(frame); ++count) {
        EXPECT_EQ(frame.index, count);
        EXPECT_NEAR(frame.time_s, count / rate, 0.0011) << name;
        ASSERT_EQ(frame.image.width(), 96);
        ASSERT_EQ(frame.image.height(), 64);
        const Image wanted = ramp(96, 64, count);
        for (const int x : {10, 50, 90}) {
          for (int channel = 0; channel < 3; ++channel)
            EXPECT_NEAR(frame.image.row(30)[3 * x + channel], wanted.row(30)[3 * x + channel], 8) << name << " " << x;
        }
      }
      EXPECT_EQ(count, 20) << name;
    }
  }
}

TEST_F(Film, OddSizesLoseTheirLastRowAndColumn) {
  write_film(path("odd.mp4"), 97, 65, 3, 30);
  Frame frame;
  ASSERT_TRUE(open_film(path("odd.mp4"))->next(frame));
  EXPECT_EQ(frame.image.width(), 96);
  EXPECT_EQ(frame.image.height(), 64);
}

/// Telephones write frames as their sensor lies, and a matrix in the track's header ("tkhd") that turns them upright.
TEST_F(Film, FramesAreTurnedAsTheFilmSays) {
  write_film(path("lying.mp4"), 96, 64, 2, 30);
  const std::string lying = read_text(path("lying.mp4"));
  const size_t matrix = lying.find("tkhd") + 44;
  ASSERT_LT(matrix + 36, lying.size());
  const auto fixed_point = [](int value) {
    return std::string({static_cast<char>(value >> 8), static_cast<char>(value), 0, 0});
  };
  struct Turn {
    int a, b, c, d;  // of the matrix
    int width;       // shown
    int red_x,
        red_y;  // how red, which grows to the right in the stored frame, changes along both axes of the shown one
    int green_x, green_y;
  };
  for (const Turn& turn : {Turn{1, 0, 0, 1, 96, 1, 0, 0, 1}, Turn{0, 1, -1, 0, 64, 0, 1, -1, 0},
                           Turn{-1, 0, 0, -1, 96, -1, 0, 0, -1}, Turn{0, -1, 1, 0, 64, 0, -1, 1, 0},
                           // Mirrored, as front cameras write.
                           Turn{-1, 0, 0, 1, 96, -1, 0, 0, 1}, Turn{1, 0, 0, -1, 96, 1, 0, 0, -1},
                           Turn{0, 1, 1, 0, 64, 0, 1, 1, 0}, Turn{0, -1, -1, 0, 64, 0, -1, -1, 0}}) {
    std::string film = lying;
    film.replace(matrix, 8, fixed_point(turn.a) + fixed_point(turn.b));
    film.replace(matrix + 12, 8, fixed_point(turn.c) + fixed_point(turn.d));
    write("turned.mp4", film);
    Frame frame;
    ASSERT_TRUE(open_film(path("turned.mp4"))->next(frame));
    ASSERT_EQ(frame.image.width(), turn.width);
    ASSERT_EQ(frame.image.height(), 96 + 64 - turn.width);
    const auto at = [&](int x, int y, int channel) { return static_cast<int>(frame.image.row(y)[3 * x + channel]); };
    const auto direction = [](int difference) { return difference > 30 ? 1 : difference < -30 ? -1 : 0; };
    EXPECT_EQ(direction(at(55, 30, 0) - at(5, 30, 0)), turn.red_x);
    EXPECT_EQ(direction(at(30, 55, 0) - at(30, 5, 0)), turn.red_y);
    EXPECT_EQ(direction(at(55, 30, 1) - at(5, 30, 1)), turn.green_x);
    EXPECT_EQ(direction(at(30, 55, 1) - at(30, 5, 1)), turn.green_y);
  }
}

TEST_F(Film, TimesThatAreNotEvenAreKept) {
  const std::vector<double> times = {0, 0.04, 0.2, 0.21, 1.5};
  {
    FilmWriter writer(path("uneven.mp4"), 30);
    for (size_t i = 0; i < times.size(); ++i) writer.write(ramp(64, 64, static_cast<int>(i)).view(), times[i]);
    writer.finish();
  }
  const std::unique_ptr<FrameSource> film = open_film(path("uneven.mp4"));
  Frame frame;
  for (const double time_s : times) {
    ASSERT_TRUE(film->next(frame));
    EXPECT_NEAR(frame.time_s, time_s, 1e-4);
  }
}

TEST_F(Film, WithoutFinishNothingIsLeft) {
  write("kept.mp4", "older");
  {
    FilmWriter writer(path("kept.mp4"), 30);
    writer.write(ramp(64, 64, 0).view(), 0);
    EXPECT_EQ(files(), 2U);
  }
  EXPECT_EQ(files(), 1U);
  EXPECT_EQ(read_text(path("kept.mp4")), "older");
  FilmWriter(path("empty.mp4"), 30).finish();
  EXPECT_FALSE(fs::exists(path("empty.mp4"))) << "a film without frames is none";
  EXPECT_EQ(files(), 1U);
}

TEST_F(Film, OutputsThatCannotBe) {
  EXPECT_THAT(error_of([&] { FilmWriter(path("a.gif"), 30); }), AllOf(HasSubstr(".gif"), HasSubstr(".mp4")));
  EXPECT_THAT(error_of([&] { FilmWriter(path("noending"), 30); }), HasSubstr("no ending"));
  fs::create_directory(path("folder.mp4"));
  EXPECT_THAT(error_of([&] { FilmWriter(path("folder.mp4"), 30); }), HasSubstr("folder"));
  FilmWriter writer(path("thin.mp4"), 30);
  EXPECT_THAT(error_of([&] { writer.write(ramp(1, 64, 0).view(), 0); }), HasSubstr("1x64"));
}

TEST_F(Film, WhatIsNoFilmIsRefused) {
  const auto message = [&](const std::string& name) { return error_of([&] { open_film(path(name)); }); };
  write("empty.mp4", "");
  write("text.mp4", "this is no film\n");
  write("text.txt", std::string(5000, 'x') + "\n");
  fs::create_directory(path("folder"));
  write_image(path("still.jpg"), ramp(64, 64, 0).view());
  write_image(path("still.png"), ramp(64, 64, 0).view());
  EXPECT_THAT(message("missing.mp4"), AllOf(HasSubstr("missing.mp4"), HasSubstr("No such file")));
  EXPECT_THAT(message("empty.mp4"), HasSubstr("empty"));
  EXPECT_THAT(message("text.mp4"), HasSubstr("no video"));
  EXPECT_THAT(message("text.txt"), HasSubstr("no video"));
  EXPECT_THAT(message("folder"), HasSubstr("folder"));
  EXPECT_THAT(message("still.jpg"), HasSubstr("mtcnn detect"));
  EXPECT_THAT(message("still.png"), HasSubstr("mtcnn detect"));
}

TEST_F(Film, SoundAloneIsRefused) {
  // A second of silence as WAV: 8,000 samples of 8 bits.
  std::string wave = "RIFF";
  const auto number = [&](uint32_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) wave += static_cast<char>(value >> (8 * i));
  };
  number(36 + 8000, 4);
  wave += "WAVEfmt ";
  for (const auto& [value, bytes] : {std::pair{16U, 4}, {1U, 2}, {1U, 2}, {8000U, 4}, {8000U, 4}, {1U, 2}, {8U, 2}})
    number(value, bytes);
  wave += "data";
  number(8000, 4);
  write("sound.wav", wave + std::string(8000, '\x80'));
  EXPECT_THAT(error_of([&] { open_film(path("sound.wav")); }), HasSubstr("only sound"));
}

TEST_F(Film, AFilmThatWasCutOffGivesItsFramesThenAnError) {
  write_film(path("whole.mkv"), 160, 120, 120, 30);
  const std::string whole = read_text(path("whole.mkv"));
  write("cut.mkv", whole.substr(0, whole.size() / 2));
  const std::unique_ptr<FrameSource> film = open_film(path("cut.mkv"));
  Frame frame;
  int count = 0;
  const std::string message = error_of([&] {
    while (film->next(frame)) ++count;
  });
  EXPECT_GT(count, 10);
  EXPECT_LT(count, 110);
  EXPECT_THAT(message, AllOf(HasSubstr("cut.mkv"), HasSubstr("cut off")));
  write_film(path("whole.mp4"), 160, 120, 30, 30);
  const std::string indexed = read_text(path("whole.mp4"));
  write("cut.mp4", indexed.substr(0, indexed.size() / 2));
  EXPECT_THAT(error_of([&] { open_film(path("cut.mp4")); }), HasSubstr("cut off")) << "its index was at the end";
}

TEST_F(Film, DamageInsideDoesNoHarm) {
  write_film(path("whole.mkv"), 160, 120, 60, 30);
  const std::string whole = read_text(path("whole.mkv"));
  for (size_t start = 600; start < whole.size(); start += whole.size() / 7) {
    std::string damaged = whole;
    for (size_t i = start; i < std::min(whole.size(), start + 400); ++i)
      damaged[i] = static_cast<char>(damaged[i] * 31 + 7);
    write("damaged.mkv", damaged);
    try {
      const std::unique_ptr<FrameSource> film = open_film(path("damaged.mkv"));
      Frame frame;
      while (film->next(frame)) EXPECT_EQ(frame.image.width(), 160);
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr("damaged.mkv"));
    }
  }
}

TEST(Camera, OneThatIsNotThereIsNamed) {
  EXPECT_THAT(error_of([] { open_camera(1023); }), AllOf(HasSubstr("/dev/video1023"), HasSubstr("no such camera")));
  EXPECT_THROW(open_camera(-1), ContractError);
}

TEST(ScreenWindow, WithoutAScreenThereIsNone) {
  ::unsetenv("DISPLAY");
  EXPECT_THAT(error_of([] { ScreenWindow("test"); }), AllOf(HasSubstr("no screen"), HasSubstr("--json")));
  ::setenv("DISPLAY", ":4711", 1);
  EXPECT_THAT(error_of([] { ScreenWindow("test"); }), HasSubstr(":4711"));
}

}  // namespace
}  // namespace mtcnn
