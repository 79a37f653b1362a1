// faces PICTURE [ANNOTATED]: prints the faces in an image, one per line: x, y, width, height, confidence; then draws
// them.
#include <cstdio>
#include <exception>
#include <vector>

#include <mtcnn/core/error.h>
#include <mtcnn/detect/detector.h>
#include <mtcnn/image/draw.h>
#include <mtcnn/image/read.h>
#include <mtcnn/image/write.h>

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    std::fputs("usage: faces IMAGE [ANNOTATED]\n", stderr);
    return 2;
  }
  try {
    // Reads the nets: make one and keep it. Any number of threads may call detect() on it.
    const mtcnn::Detector detector = mtcnn::Detector().with([](mtcnn::DetectorOptions& options) {
      options.min_face = 40;  // pixels; faces twice as large take a quarter of the time
    });

    mtcnn::Image image =
        mtcnn::read_image(argv[1]);  // RGB, upright; mtcnn::ImageView wraps pixels that you have already
    const std::vector<mtcnn::Face> faces = detector.detect(image.view());
    for (const mtcnn::Face& face : faces) {
      std::printf("%.1f %.1f %.1f %.1f %.3f\n", face.box.x1, face.box.y1, face.box.width(), face.box.height(),
                  face.confidence);
    }
    if (argc > 2) {
      mtcnn::draw_faces(image, faces);
      mtcnn::write_image(argv[2], image.view());
    }
  } catch (const mtcnn::Error& error) {  // one line: which file, what was found, what was expected, what to do
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
  return 0;
}
