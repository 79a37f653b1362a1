#include "mtcnn/pipeline/plan.h"

#include "mtcnn/core/error.h"
#include "mtcnn/core/outputs.h"
#include "mtcnn/core/text.h"
#include "mtcnn/labels/labels.h"
#include "mtcnn/train/options.h"

#include <algorithm>
#include <optional>

#include "data_prep/options.h"
#include "data_prep/sources.h"

namespace mtcnn {
namespace fs = std::filesystem;
namespace {

/// What two ordinary cores do in a second, a net; for estimates alone.
struct Pace {
  double pictures;  ///< prepared
  double crops;     ///< learnt from
};
constexpr Pace kPaces[] = {{700, 45000}, {140, 4000}, {70, 700}};

/// What the data sets of one prepare configuration hold.
struct Data {
  Json inputs;
  int64_t pictures = 0;
  int64_t faces = 0;
};

struct Prepare {
  PrepareOptions options;
  Data training;
  std::optional<Data> validation;
};

Data read_data(const PrepareOptions& options, const std::vector<DatasetOptions>& datasets) {
  const Sources sources = read_sources(options.root, datasets, options.landmarks);
  Data data{.inputs = sources.inputs, .pictures = static_cast<int64_t>(sources.pictures.size())};
  for (const SourcePicture& picture : sources.pictures) {
    for (const FaceAnnotation& face : picture.annotation.faces) data.faces += face.ignore ? 0 : 1;
  }
  return data;
}

class Planner {
 public:
  Planner(const PipelineOptions& options, const fs::path& config_folder, const fs::path& out)
      : options_(options), configs_(config_folder), out_(out) {}

  std::vector<Step> plan() {
    for (size_t round = 0; round < options_.rounds.size(); ++round) plan_round(round);
    finish_model();
    evaluate();
    plan_learning_curve();
    return std::move(steps_);
  }

 private:
  fs::path config(const std::string& name) const { return configs_ / name; }
  fs::path run(size_t round, NetKind net) const { return out_ / "runs" / concat(round + 1, "-", net_name(net)); }
  fs::path model(size_t round, NetKind last) const { return out_ / "models" / concat(round + 1, "-", net_name(last)); }
  fs::path result() const { return out_ / "model"; }

  static std::vector<fs::path> model_files(const fs::path& folder, NetKind last = NetKind::onet) {
    std::vector<fs::path> files = {folder / "cascade.json"};
    for (const NetKind net : kNetKinds) {
      if (net <= last) files.push_back(folder / concat(net_name(net), ".safetensors"));
    }
    return files;
  }

  void plan_round(size_t round) {
    const Prepare prepare = read_prepare(options_.rounds[round]);
    for (const NetKind net : kNetKinds) {
      plan_crops(round, net, prepare);
      plan_training(round, net, prepare);
      plan_collection(round, net);
    }
  }

  Prepare read_prepare(const RoundOptions& round) {
    const fs::path file = config(round.prepare);
    Prepare prepare;
    apply_prepare_options(prepare.options, read_json(file), file.string(), file.parent_path());
    if (!options_.root.empty()) prepare.options.root = options_.root;
    root_ = prepare.options.root;
    check_prepare_options(prepare.options);
    has_points_ = prepare.options.layout().count() > 0;
    prepare.training = read_data(prepare.options, prepare.options.datasets);
    if (!prepare.options.validation.empty())
      prepare.validation = read_data(prepare.options, prepare.options.validation);
    return prepare;
  }

  /// The nets that windows are mined with.
  struct Miners {
    fs::path folder;
    NetKind last;
  };

  std::optional<Miners> miners_of(size_t round, NetKind net, const PrepareOptions& options,
                                  const fs::path& file) const {
    const bool whole_cascade = options.samples(net_name(net)).mine.false_faces > 0;
    if (whole_cascade && round == 0)
      throw Error(ErrorCode::usage, "the first round has no cascade that could give false faces",
                  {.where = concat(file.string(), ": ", net_name(net), ".mine.false_faces"), .expected = "0"});
    if (net == NetKind::pnet) {
      if (!whole_cascade) return std::nullopt;
      return Miners{model(round - 1, NetKind::onet), NetKind::onet};
    }
    const NetKind before = net == NetKind::rnet ? NetKind::pnet : NetKind::rnet;
    return Miners{model(round, before), whole_cascade ? NetKind::onet : before};
  }

  void plan_crops(size_t round, NetKind net, const Prepare& prepare) {
    const std::string stage = net_name(net);
    Step step{.name = concat(round + 1, "-prepare-", stage)};
    step.folder = out_ / "crops" / concat(round + 1, "-", stage);
    const fs::path file = config(options_.rounds[round].prepare);
    step.command = {"prepare",
                    "--stage",
                    stage,
                    "--config",
                    file.string(),
                    "--data",
                    prepare.options.root.string(),
                    "--seed",
                    concat(options_.seed),
                    "--out",
                    step.folder.string()};
    step.inputs = {file};
    if (const std::optional<Miners> miners = miners_of(round, net, prepare.options, file)) {
      step.command.insert(step.command.end(), {"--model", miners->folder.string()});
      for (const fs::path& input : model_files(miners->folder, miners->last)) step.inputs.push_back(input);
    }
    const RoundOptions& own = options_.rounds[round];  // crops as the net saw them that the training begins with
    add_net(step, "--init", own.init.empty() ? own.teacher : own.init, round, net);
    step.facts = {{"training", prepare.training.inputs}};
    step.outputs = {step.folder / "manifest.json"};
    int64_t pictures = prepare.training.pictures;
    if (prepare.validation) {
      step.facts["validation"] = prepare.validation->inputs;
      step.outputs.push_back(step.folder / "validation" / "manifest.json");
      pictures += prepare.validation->pictures;
    }
    step.size = concat(pictures, " images");
    step.estimate_s = static_cast<double>(pictures) / kPaces[static_cast<size_t>(net)].pictures;
    steps_.push_back(std::move(step));
  }

  void plan_training(size_t round, NetKind net, const Prepare& prepare) {
    const RoundOptions& own = options_.rounds[round];
    const std::string name = net_name(net);
    const fs::path file = config(net == NetKind::pnet ? own.pnet : net == NetKind::rnet ? own.rnet : own.onet);
    TrainOptions options = default_train_options(net);
    train_option_table().apply(options, read_json(file), file.string());
    check_train_options(options);
    require_validation(prepare, options, file);

    const fs::path crops = out_ / "crops" / concat(round + 1, "-", name);
    Step step{.name = concat(round + 1, "-train-", name), .folder = run(round, net), .takes_resume = true};
    step.command = {"train",
                    "--net",
                    name,
                    "--data",
                    crops.string(),
                    "--config",
                    file.string(),
                    "--seed",
                    concat(options_.seed),
                    "--out",
                    step.folder.string()};
    step.inputs = {file, crops / "manifest.json", crops / "validation" / "manifest.json"};
    add_net(step, "--init", own.init, round, net);
    add_net(step, "--teacher", own.teacher, round, net);
    step.outputs = {step.folder / "export" / concat(name, ".safetensors")};

    const BatchOptions& batch = options.batch;
    const double shares = batch.negatives + batch.positives + batch.parts + batch.landmarks;
    const double positives = static_cast<double>(prepare.training.faces) * prepare.options.samples(name).positives;
    const double epoch = batch.steps_per_epoch > 0 ? static_cast<double>(batch.steps_per_epoch) * batch.size
                                                   : positives * shares / std::max(1e-9, batch.positives);
    step.size = concat(options.epochs, " epochs of about ", fixed(epoch / 1e6, 2), " million crops");
    step.estimate_s = options.epochs * epoch / kPaces[static_cast<size_t>(net)].crops;
    steps_.push_back(std::move(step));
  }

  /// Without validation crops a share of the images is held out, each by chance: of few images perhaps none.
  static void require_validation(const Prepare& prepare, const TrainOptions& options, const fs::path& file) {
    constexpr double kFewest = 3;  // expected; none has then a chance of one in twenty
    const double expected = static_cast<double>(prepare.training.pictures) * options.batch.validation_share;
    if (prepare.validation || expected >= kFewest) return;
    throw Error(
        ErrorCode::usage, "too few images to hold some out for validation",
        {.where = file.string(),
         .found = concat(prepare.training.pictures, " images, batch.validation_share ", options.batch.validation_share),
         .expected = "'validation' in prepare's configuration, or more images"});
  }

  /// Weights to start or to learn from.
  void add_net(Step& step, const char* flag, const std::string& choice, size_t round, NetKind net) const {
    if (choice.empty()) return;
    const fs::path folder = choice == "previous" ? model(round - 1, NetKind::onet) : config(choice).lexically_normal();
    step.command.insert(step.command.end(), {flag, folder.string()});
    step.inputs.push_back(folder / concat(net_name(net), ".safetensors"));
    step.inputs.push_back(folder / "cascade.json");  // older ones say there what the net's input is
  }

  /// A model folder of the nets so far; those that this round has not trained yet are the last round's.
  void plan_collection(size_t round, NetKind last) {
    Step step{.name = concat(round + 1, "-collect-", net_name(last)), .folder = model(round, last)};
    step.command = {"export", "--run"};
    if (round > 0) {
      step.command.push_back(model(round - 1, NetKind::onet).string());
      step.inputs = model_files(model(round - 1, NetKind::onet));
    }
    for (const NetKind net : kNetKinds) {
      if (net > last) break;
      step.command.push_back(run(round, net).string());
      step.inputs.push_back(run(round, net) / "export" / concat(net_name(net), ".safetensors"));
    }
    step.command.insert(step.command.end(), {"--out", step.folder.string()});
    step.outputs = model_files(step.folder, round > 0 ? NetKind::onet : last);
    step.estimate_s = 1;
    steps_.push_back(std::move(step));
  }

  void finish_model() {
    const fs::path trained = model(options_.rounds.size() - 1, NetKind::onet);
    Step step{
        .name = "calibrate", .inputs = model_files(trained), .outputs = model_files(result()), .folder = result()};
    const CalibrationStep& wanted = options_.calibrate;
    if (wanted.path.empty()) {
      step.command = {"export", "--run", trained.string(), "--out", result().string()};
    } else {
      step.command = {"calibrate",
                      "--model",
                      trained.string(),
                      "--dataset",
                      data(wanted.path).string(),
                      "--false-faces",
                      concat(wanted.false_faces_per_picture),
                      "--lost-recall",
                      concat(wanted.lost_recall),
                      "--out",
                      result().string()};
      if (wanted.third_only) step.command.push_back("--third-only");
      add_labels(step, wanted.labels, wanted.categories);
      if (wanted.labels.empty())
        step.inputs.push_back(data(wanted.path) / "wider_face_split" / "wider_face_val_bbx_gt.txt");
      else
        add_label_files(step, wanted.path, wanted.labels, wanted.categories, true);
      step.estimate_s = wanted.labels.empty() ? 400 : 30;
    }
    if (options_.object != "face") step.command.insert(step.command.end(), {"--object", options_.object});
    add_options(step, "", options_.detector);
    steps_.push_back(std::move(step));
  }

  void evaluate() {
    for (const EvaluationOptions& one : options_.evaluate) {
      Step step{.name = "eval-" + one.name, .inputs = model_files(result()), .folder = out_ / "eval" / one.name};
      step.command = {"eval",    one.kind,          "--dataset", data(one.path).string(),
                      "--model", result().string(), "--out",     step.folder.string()};
      if (one.kind == "landmarks") require_points(one.name);
      add_labels(step, one.labels, one.categories);
      if (one.kind == "coco") add_label_files(step, one.path, one.labels, one.categories, false);
      if (one.threshold > 0) step.command.insert(step.command.end(), {"--score-from", concat(one.threshold)});
      step.outputs = {step.folder / "summary.json"};
      step.estimate_s = 30;
      steps_.push_back(std::move(step));
    }
  }

  /// The files of the labels that a step reads. They are read here too: what is wrong with them shows before the first
  /// step.
  void add_label_files(Step& step, const std::string& path, const std::string& kind, const std::string& categories,
                       bool needs_objects) const {
    LabelOptions options;
    if (!categories.empty()) options.classes = split(categories, ',');
    const LabelSet set = read_labels(kind.empty() ? "own" : kind, data(path), options);
    const bool any = std::any_of(set.images.begin(), set.images.end(),
                                 [](const ImageAnnotation& image) { return !image.faces.empty(); });
    if (needs_objects && !any)
      throw Error(ErrorCode::usage, "these labels cannot calibrate: they hold no object",
                  {.where = data(path).string()});
    step.inputs.insert(step.inputs.end(), set.files.begin(), set.files.end());
  }

  /// --set for each option, those of a group by their whole names.
  static void add_options(Step& step, const std::string& group, const Json& options) {
    for (const auto& [key, value] : options.items()) {
      if (value.is_object()) {
        add_options(step, concat(group, key, "."), value);
      } else {
        step.command.insert(step.command.end(), {"--set", concat(group, key, "=", value.dump())});
      }
    }
  }

  static void add_labels(Step& step, const std::string& kind, const std::string& categories) {
    if (kind.empty()) return;
    step.command.insert(step.command.end(), {"--kind", kind});
    if (!categories.empty()) step.command.insert(step.command.end(), {"--classes", categories});
  }

  void require_points(const std::string& name) const {
    if (has_points_) return;
    throw Error(ErrorCode::usage, "an evaluation of landmarks, and the model will have none",
                {.where = concat("evaluate: ", name),
                 .found = "\"landmarks\": {\"count\": 0}",
                 .expected = "another kind of evaluation, as coco"});
  }

  /// The pipelines that learn from parts of the images, each with its configuration in a folder of its own.
  void plan_learning_curve() {
    for (const SubsetOptions& subset : options_.learning_curve) {
      const fs::path file = config(subset.config);
      PipelineOptions other = read_pipeline_options(read_json(file), file);
      if (!other.learning_curve.empty()) {
        throw Error(ErrorCode::usage, "a pipeline of a learning curve has a learning curve of its own",
                    {.where = file.string(), .hint = "leave 'learning_curve' out there"});
      }
      const fs::path folder = out_ / "learning_curve" / concat(subset.images);
      Step step{.name = concat("learn-from-", subset.images), .inputs = {file}, .folder = folder};
      step.command = {"pipeline", "--config", file.string(), "--out", folder.string(), "--seed", concat(options_.seed)};
      for (const Step& inner : plan_pipeline(other, file.parent_path(), folder)) {
        step.estimate_s += inner.estimate_s;
        for (const fs::path& input : inner.inputs) {
          if (!is_within(input, folder)) step.inputs.push_back(input);
        }
      }
      step.facts = {{"images", subset.images}};
      step.size = concat(subset.images, " images");
      step.outputs = {folder / "summary.json"};
      steps_.push_back(std::move(step));
    }
  }

  fs::path data(const std::string& path) const { return root_ / path; }

  const PipelineOptions& options_;
  fs::path configs_;
  fs::path out_;
  bool has_points_ = true;  ///< of the last round
  fs::path root_;           ///< of the data sets; without one of the pipeline's own, that of the last round's crops
  std::vector<Step> steps_;
};

}  // namespace

std::vector<Step> plan_pipeline(const PipelineOptions& options, const fs::path& config_folder, const fs::path& out) {
  return Planner(options, config_folder, out).plan();
}

}  // namespace mtcnn
