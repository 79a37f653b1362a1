#include "mtcnn/cli/live_flags.h"
#include "mtcnn/cli/parts.h"
#include "mtcnn/cli/verbs.h"

#include <memory>

namespace mtcnn::cli {

void add_live(CLI::App& program) {
  auto flags = std::make_shared<LiveFlags>();
  CLI::App& verb = *program.add_subcommand(
      "live",
      "Find and follow faces in a film or before a camera\n\nFaces keep their identities from frame to frame. What is "
      "seen is shown in a window, saved as an annotated film, or written as JSON lines, in any combination; --smooth "
      "takes "
      "the jitter off boxes and points.");
  CLI::Option* camera = verb.add_option("--camera", flags->camera, "Camera: N of /dev/videoN [0]")
                            ->check(CLI::Range(0, 1023))
                            ->type_name("N");
  CLI::Option* video = verb.add_option("--video", flags->video,
                                       "A film instead of a camera, of any kind that FFmpeg decodes, or a stream: "
                                       "rtsp://, rtmp://, http://, https://, srt://, udp://, rtp://")
                           ->type_name("FILE")
                           ->excludes(camera);
  verb.add_option("--timeout", flags->timeout_s, "Seconds to wait for a stream's answer, and for its data")
      ->capture_default_str()
      ->type_name("S")
      ->check(CLI::Range(0.1, 3600.0))
      ->needs(video);
  verb.add_option("--reconnects", flags->reconnects,
                  "Attempts to reopen a stream that broke off: at once, then after 1, 2, 4, ... s, at most 30")
      ->capture_default_str()
      ->type_name("N")
      ->check(CLI::Range(0, 1000000))
      ->needs(video);
  verb.add_flag("--show", flags->show,
                "Show boxes, points and identities in a window, films at their own speed; q or Escape ends. Implied "
                "where neither --save nor --json is given");
  verb.add_flag("--fps", flags->fps, "Also show, and save, frames a second and the milliseconds of each stage");
  verb.add_option("--save", flags->save, "Write what would be shown as a film: mp4, m4v, mov or mkv")
      ->type_name("FILE");
  verb.add_option("--json", flags->json, "Write faces with identities and times, a JSON line a frame; - for stdout")
      ->type_name("FILE");
  verb.add_flag("--smooth", flags->follow.smooth,
                "Calm boxes and points: average nine windows a face, then filter (one-euro)");
  CLI::Option* every = verb.add_option("--detect-every", flags->follow.search_every,
                                       "Search whole frames only so often, in frames; between them O-Net alone "
                                       "follows the known faces")
                           ->capture_default_str()
                           ->type_name("N")
                           ->check(CLI::Range(1, 100000));
  verb.add_option("--budget", flags->follow.budget_ms,
                  "Instead: search as often as keeps a frame at so many milliseconds on average, at least every two "
                  "seconds; 0 = no budget")
      ->capture_default_str()
      ->type_name("MS")
      ->check(CLI::Range(0.0, 1e6))
      ->excludes(every);
  add_detector_flags(verb, flags->detector);
  verb.remove_option(verb.get_option("--batch"));  // frames come one by one
  add_quiet_flag(verb, flags->detector.common);
  verb.footer(
      "Ends at the film's end, where a live stream breaks off for good, by Ctrl-C, q or Escape; --save and\n"
      "--json are then complete. A frame of another size than the first is an error; what came before it\n"
      "is kept. Defaults in [brackets] are the model folder's to change.\n"
      "Example: mtcnn live --video film.mp4 --smooth --fps --save annotated.mp4 --json faces.jsonl");
  verb.callback([flags] { run_live(*flags); });
}

}  // namespace mtcnn::cli
