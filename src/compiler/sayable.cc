#include "compiler/sayable.h"

#include <cmath>
#include <set>

#include "compiler/graph/print.h"
#include "isa/limits.h"

namespace chengying::compiler {

namespace {

namespace limits = isa::limits;

Status check_side(std::string_view side, std::int64_t kernel, std::int64_t stride, std::int64_t dilation,
                  std::int64_t pad, std::int64_t output) {
  if (kernel > limits::kKernel || stride > limits::kKernel || dilation > limits::kKernel) {
    return fail(Code::kTooLarge, "kernel {}, stride {}, dilation {} along its {}; the limit of each is {}",
                kernel, stride, dilation, side, limits::kKernel);
  }
  const std::int64_t reach = (output - 1) * stride + (kernel - 1) * dilation;
  if (std::abs(pad) <= limits::kPosition && reach <= limits::kPosition) return {};
  return fail(Code::kTooLarge, "its window reaches {} places along its {}, the limit is {}", reach, side,
              limits::kPosition);
}

Status check_window(const isa::Window& w, const isa::View& output) {
  TRY(check_side("height", w.kernel_h, w.stride_h, w.dilation_h, w.pad_top, output.shape[1]));
  return check_side("width", w.kernel_w, w.stride_w, w.dilation_w, w.pad_left, output.shape[2]);
}

Status check_finite(std::string_view what, float value) {
  if (std::isfinite(value)) return {};
  return fail(Code::kInvalidArgument,
              "the scales of its operands and its result are so far apart that {} is not a finite number",
              what);
}

Status check_bounds(float low, float high) {
  if (low <= high) return {};
  return fail(Code::kInvalidArgument, "it clamps to [{}, {}]; low must be at most high", low, high);
}

Status check_epilogue(const isa::Epilogue& epilogue) {
  TRY(check_bounds(epilogue.low, epilogue.high));
  if (epilogue.inner) TRY(check_finite("the inner rescale", epilogue.inner->rescale));
  if (epilogue.residual) TRY(check_finite("the scale of what is added", epilogue.residual->scale));
  return {};
}

struct Sayable {
  Status operator()(const isa::Conv& op) const {
    constexpr std::int64_t kWeightsMax = 1 << 28;  // of an output channel
    const std::int64_t weights =
        std::int64_t{op.window.kernel_h} * op.window.kernel_w * (std::int64_t{op.input.shape[3]} + 3);
    if (weights > kWeightsMax) {
      return fail(Code::kTooLarge, "{} weights for each output channel, the limit is {}", weights,
                  kWeightsMax);
    }
    TRY(check_window(op.window, op.output));
    return check_epilogue(op.epilogue);
  }
  Status operator()(const isa::DepthwiseConv& op) const {
    TRY(check_window(op.window, op.output));
    return check_epilogue(op.epilogue);
  }
  Status operator()(const isa::Pool& op) const {
    TRY(check_window(op.window, op.output));
    const std::int64_t places = std::int64_t{op.window.kernel_h} * op.window.kernel_w;
    if (places > limits::kPoolPlaces) {
      return fail(Code::kTooLarge, "{} places in its window, the limit is {}", places, limits::kPoolPlaces);
    }
    return check_finite("its scale", op.scale);
  }
  Status operator()(const isa::Binary& op) const {
    TRY(check_bounds(op.low, op.high));
    TRY(check_finite("the first operand's scale", op.a_scale));
    return check_finite("the second operand's scale", op.b_scale);
  }
  Status operator()(const auto&) const { return {}; }
};

Status check_views(const isa::Operation& operation) {
  for (const isa::Access& access : isa::accesses_of(operation)) {
    std::int64_t elements = 1;
    for (std::size_t d = 0; d < access.view.shape.size(); ++d) {
      const std::int64_t size = access.view.shape[d];
      if (size < 1 || size > limits::kDimension || access.view.stride[d] > limits::kExtentBytes / size) {
        return fail(Code::kTooLarge, "a dimension of {}, the limit is {}", size, limits::kDimension);
      }
      if (elements > limits::kElements / size) {
        return fail(Code::kTooLarge, "more than {} elements", limits::kElements);
      }
      elements *= size;
    }
  }
  return {};
}

Status check_ports(std::string_view what, const std::vector<isa::Binding>& ports) {
  if (ports.size() > limits::kBindings) {
    return fail(Code::kTooLarge, "the model has {} {}, the limit is {}", ports.size(), what,
                limits::kBindings);
  }
  std::set<std::string_view> names;
  for (const isa::Binding& port : ports) {
    if (port.name.empty() || port.name.size() > limits::kNameBytes) {
      return fail(Code::kInvalidArgument, "the name of one of the model's {} has {} bytes; allowed: 1 to {}",
                  what, port.name.size(), limits::kNameBytes);
    }
    if (!names.insert(port.name).second) {
      return fail(Code::kInvalidArgument, "two of the model's {} are named '{}'", what, port.name);
    }
  }
  return {};
}

}  // namespace

Status check_sayable(const Graph& graph, const tiles::Tiles& tiles) {
  for (const isa::Instruction& step : tiles.steps) {
    Status sayable = check_views(step.operation);
    if (sayable) sayable = std::visit(Sayable{}, step.operation);
    if (sayable) continue;
    if (step.layer >= graph.nodes.size()) return sayable;
    const Node& node = graph.nodes[step.layer];
    return within(
        fmt::format("{} ({}, {})", node.name, name_of(node.op), to_string(graph.value(node.output))),
        std::move(sayable).error());
  }
  if (tiles.steps.size() > limits::kInstructions) {
    return fail(Code::kTooLarge, "the model needs {} instructions, the limit is {}", tiles.steps.size(),
                limits::kInstructions);
  }
  TRY(check_ports("inputs", tiles.inputs));
  return check_ports("outputs", tiles.outputs);
}

}  // namespace chengying::compiler
