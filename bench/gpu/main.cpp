// Benchmarks of a GPU: results are held against the reference or the CPU backend before they are
// timed. Prints one JSON object; exits with 1 if a result was wrong.
//   boltzkit_gpu_bench <plugin.so>|cpu [--quick] [--part gibbs|training|annealing]
// `cpu` puts the CPU backend in the place of the GPU; --quick makes everything tiny. BOLTZKIT_MNIST
// names a folder with train-images-idx3-ubyte; without it, rows are made up.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "bench.hpp"
#include "cpu/info.hpp"
#include "cuda/cuda_backend.hpp"
#include "cuda/device.hpp"
#include "cuda/plugin_library.hpp"

namespace boltzkit::bench {
namespace {

struct Part {
  const char* name;
  std::vector<Figure> (*bench)(const Setting&);
};
constexpr Part parts[] = {{"gibbs", benchGibbs}, {"training", benchTraining}, {"annealing", benchAnnealing}};

Json describe(const Figure& figure, bool quick) {
  const double value = median(figure.runs);
  const auto reaches = [&](double target) { return figure.moreIsBetter ? value >= target : value <= target; };
  Json json;
  json.add("name", figure.name).add("unit", figure.unit).add("median", value).add("runs", figure.runs);
  if (!quick && figure.must > 0) {
    json.add("must", figure.must).add("goal", figure.goal);
    json.add("reached", reaches(figure.goal) ? "goal" : reaches(figure.must) ? "must" : "neither");
  }
  if (figure.cpu) json.add("cpu", *figure.cpu);
  return json.add("work", figure.work).add("checks", figure.checks).add("validated", figure.validated);
}

Json describeDevices(const std::string& plugin) {
  std::vector<Json> all;
  for (const cuda::DeviceInfo& device : cuda::devicesOf(cuda::loadPlugin(plugin)))
    all.push_back(Json().add("name", device.name).add("arch", device.arch).add("memoryBytes", device.memory).add("freeBytes", device.free));
  return Json().add("plugin", plugin.substr(plugin.rfind('/') + 1)).add("all", all);
}

int run(int count, char** arguments) {
  std::string device, part;
  bool quick = false;
  for (int i = 1; i < count; ++i) {
    const std::string argument = arguments[i];
    if (argument == "--quick")
      quick = true;
    else if (argument == "--part" && i + 1 < count)
      part = arguments[++i];
    else
      device = argument;
  }
  if (device.empty()) throw parameterError("say which plug-in: boltzkit_gpu_bench <plugin.so>|cpu [--quick] [--part <name>]");

  const bool onCpu = device == "cpu";
  Setting setting{nullptr, makeCpuBackend(0), nullptr, quick};
  setting.device = onCpu ? setting.cpu : std::shared_ptr<Backend>(cuda::makeCudaBackend(cuda::loadPlugin(device), 0));
  const char* mnist = quick ? nullptr : std::getenv("BOLTZKIT_MNIST");
  setting.rows = mnist ? mnistRows(mnist) : quick ? strokeRows(96, 40) : strokeRows(60000, 784);

  const CpuInfo cpu = cpuInfo();
  Json json;
  json.add("program", "boltzkit_gpu_bench").add("quick", quick);
  if (!onCpu) json.add("devices", describeDevices(device));
  json.add("cpu", Json().add("model", cpu.model).add("threads", cpu.threads).add("isa", cpu.isa));
  json.add("data", std::string(mnist ? "MNIST grey levels" : "made-up bits") + ", " + std::to_string(setting.rows->rows()) + " rows");

  bool validated = true;
  std::vector<Json> figures, failures;
  for (const Part& p : parts) {
    if (!part.empty() && part != p.name) continue;
    try {
      for (const Figure& figure : p.bench(setting)) {
        figures.push_back(describe(figure, quick));
        validated = validated && figure.validated;
        std::fprintf(stderr, "%-20s %10.4g %s%s\n", figure.name.c_str(), median(figure.runs), figure.unit.c_str(),
                     figure.validated ? "" : "  WRONG");
      }
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s: %s\n", p.name, error.what());
      failures.push_back(Json().add("part", p.name).add("why", error.what()));
    }
  }
  validated = validated && failures.empty() && !figures.empty();
  json.add("figures", figures).add("failures", failures).add("validated", validated);
  std::printf("%s\n", json.text().c_str());
  return validated ? 0 : 1;
}

}  // namespace
}  // namespace boltzkit::bench

int main(int count, char** arguments) {
  try {
    return boltzkit::bench::run(count, arguments);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
