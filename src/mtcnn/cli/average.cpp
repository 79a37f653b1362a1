#include "mtcnn/weights/average.h"

#include "mtcnn/cli/common.h"
#include "mtcnn/cli/verbs.h"
#include "mtcnn/core/error.h"
#include "mtcnn/core/outputs.h"
#include "mtcnn/core/text.h"
#include "mtcnn/model/model_folder.h"

#include <cmath>
#include <filesystem>
#include <memory>
#include <optional>

namespace mtcnn::cli {
namespace {

struct AverageFlags {
  std::string net;
  std::vector<std::string> from;
  std::vector<double> shares;
  double raise = 0;
  std::string out;
};

void run(const AverageFlags& flags) {
  require_apart({{flags.out, "--out"}}, {flags.from.begin(), flags.from.end()});
  if (!flags.shares.empty() && flags.shares.size() != flags.from.size()) {
    throw Error(ErrorCode::usage, "--shares needs one number for each net",
                {.found = concat(flags.shares.size()), .expected = concat(flags.from.size())});
  }
  std::vector<AveragedNet> nets;
  double sum = 0;
  for (size_t i = 0; i < flags.from.size(); ++i) {
    const double share = flags.shares.empty() ? 1 : flags.shares[i];
    sum += share;
    nets.push_back({read_single_net(flags.from[i], *net_named(flags.net)), share, flags.from[i]});
  }
  if (!(sum > 0))
    throw Error(ErrorCode::usage, "bad --shares", {.found = concat("a sum of ", sum), .expected = "above 0"});
  if (!std::isfinite(flags.raise)) throw Error(ErrorCode::usage, "bad --raise-logit", {.expected = "a finite number"});
  NetWeights average = average_weights(nets);
  raise_face_logit(average, static_cast<float>(flags.raise));
  write_weights(flags.out, average);
  print(flags.out + "\n");
}

}  // namespace

void add_average(CLI::App& program) {
  const auto flags = std::make_shared<AverageFlags>();
  CLI::App& verb = *program.add_subcommand(
      "average",
      "Average the weights of several trained nets\n\nA finetuned net averaged with the one that it started from often "
      "stays more accurate on other kinds of images. `mtcnn export` puts the result into a model folder.");
  verb.add_option("--net", flags->net, "Net to average")->required()->check(CLI::IsMember({"pnet", "rnet", "onet"}));
  verb.add_option("from", flags->from, "Weights files, training runs (their best weights) or model folders")
      ->required()
      ->type_name("PATH");
  verb.add_option("--shares", flags->shares, "Weight of each in the mean, comma-separated [equal]")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::Range(0.0, 1e6))
      ->type_name("A,B,...");
  verb.add_option("--raise-logit", flags->raise,
                  "Constant added to the face logit; above 0 more windows pass the net's threshold")
      ->capture_default_str()
      ->check(CLI::Range(-100.0, 100.0));
  verb.add_option("--out", flags->out, "Weights file to write")->required()->type_name("FILE");
  verb.footer(
      "Example: mtcnn average --net rnet runs/rnet models/default --shares .5,.5 --out averaged/rnet.safetensors");
  verb.callback([flags] { run(*flags); });
}

}  // namespace mtcnn::cli
