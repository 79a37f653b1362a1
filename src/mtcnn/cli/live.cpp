#include "mtcnn/cli/live_flags.h"
#include "mtcnn/cli/parts.h"
#include "mtcnn/cli/verbs.h"

#include <memory>

namespace mtcnn::cli {

void add_live(CLI::App& program) {
  auto flags = std::make_shared<LiveFlags>();
  CLI::App& verb = *program.add_subcommand(
      "live",
      "Find and follow faces in a video or a camera stream\n\nFaces keep their identities from frame to frame. The "
      "result is shown in a window, saved as an annotated video, or written as JSON lines, in any combination; "
      "--smooth "
      "reduces the jitter of boxes and landmarks.");
  CLI::Option* camera = verb.add_option("--camera", flags->camera, "Camera: N of /dev/videoN [0]")
                            ->check(CLI::Range(0, 1023))
                            ->type_name("N");
  CLI::Option* video = verb.add_option("--video", flags->video,
                                       "Video file that FFmpeg decodes, instead of a camera; or a stream: "
                                       "rtsp://, rtmp://, http://, https://, srt://, udp://, rtp://")
                           ->type_name("FILE")
                           ->excludes(camera);
  verb.add_option("--timeout", flags->timeout_s, "Longest wait for a stream to answer or to send data, seconds")
      ->capture_default_str()
      ->type_name("S")
      ->check(CLI::Range(0.1, 3600.0))
      ->needs(video);
  verb.add_option("--reconnects", flags->reconnects,
                  "Attempts to reopen a stream that broke off: at once, then after 1, 2, 4, ... s, at most 30 s")
      ->capture_default_str()
      ->type_name("N")
      ->check(CLI::Range(0, 1000000))
      ->needs(video);
  verb.add_flag("--show", flags->show,
                "Show boxes, landmarks and identities in a window, videos at their own speed; q or Escape ends. "
                "Default if neither --save nor --json is given");
  verb.add_flag("--fps", flags->fps, "Also show, and save, frames per second and the milliseconds of each stage");
  verb.add_option("--save", flags->save, "Write the annotated frames as a video: mp4, m4v, mov or mkv")
      ->type_name("FILE");
  verb.add_option("--json", flags->json,
                  "Write faces with identities and times as JSON lines, one per frame; - = stdout")
      ->type_name("FILE");
  verb.add_flag("--smooth", flags->follow.smooth,
                "Reduce jitter: the mean of nine windows per face, then a one-euro filter");
  CLI::Option* every = verb.add_option("--detect-every", flags->follow.search_every,
                                       "Search the whole of every Nth frame; in the others O-Net alone follows the "
                                       "known faces, which is faster; new faces are found later")
                           ->capture_default_str()
                           ->type_name("N")
                           ->check(CLI::Range(1, 100000));
  verb.add_option("--budget", flags->follow.budget_ms,
                  "Instead: mean time per frame, milliseconds. Whole frames are searched as often as that allows, at "
                  "least every two seconds; 0 = no limit")
      ->capture_default_str()
      ->type_name("MS")
      ->check(CLI::Range(0.0, 1e6))
      ->excludes(every);
  add_detector_flags(verb, flags->detector);
  verb.remove_option(verb.get_option("--batch"));  // frames come one by one
  add_quiet_flag(verb, flags->detector.common);
  verb.footer(
      "Ends with the video, with a stream that cannot be reopened, by Ctrl-C, q or Escape; --save and\n"
      "--json are then complete. A frame of another size than the first is an error; what came before it\n"
      "is kept. Defaults in [brackets] are those of the default model; another model folder has its own.\n"
      "Example: mtcnn live --video video.mp4 --smooth --fps --save annotated.mp4 --json faces.jsonl");
  verb.callback([flags] { run_live(*flags); });
}

}  // namespace mtcnn::cli
