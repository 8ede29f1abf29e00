#include "isa/decode_operation.h"

#include <executable_generated.h>

namespace chengying::isa {
namespace {

/// Reads fields; remembers the first enumerator that is out of range instead of returning an error from each
/// read.
class OperationDecoder {
 public:
  const std::string& problem() const { return problem_; }

  Conv conv(const file::Convolution& t) { return convolution<Conv>(t); }
  DepthwiseConv depthwise_conv(const file::Convolution& t) { return convolution<DepthwiseConv>(t); }

  Pool pool(const file::Pool& t) {
    return {.kind = enumerator<PoolKind>(t.kind(), 3, "pool kind"),
            .input = view(*t.input()),
            .output = view(*t.output()),
            .window = window(*t.window()),
            .input_zero_point = t.input_zero_point(),
            .scale = t.scale(),
            .output_zero_point = t.output_zero_point()};
  }

  Binary binary(const file::Binary& t) {
    return {.kind = enumerator<BinaryKind>(t.kind(), 7, "binary kind"),
            .a = view(*t.a()),
            .b = view(*t.b()),
            .output = view(*t.output()),
            .a_scale = t.a_scale(),
            .b_scale = t.b_scale(),
            .a_zero_point = t.a_zero_point(),
            .b_zero_point = t.b_zero_point(),
            .output_zero_point = t.output_zero_point(),
            .low = t.low(),
            .high = t.high()};
  }

  Unary unary(const file::Unary& t) {
    return {.kind = enumerator<UnaryKind>(t.kind(), kUnaryKindCount, "unary kind"),
            .input = view(*t.input()),
            .output = view(*t.output()),
            .alpha = t.alpha(),
            .beta = t.beta()};
  }

  Lut lut(const file::Lut& t) {
    return {.input = view(*t.input()), .output = view(*t.output()), .table = address(*t.table())};
  }

  Convert convert(const file::Convert& t) {
    return {.input = view(*t.input()),
            .output = view(*t.output()),
            .scale = t.scale(),
            .zero_point = t.zero_point()};
  }

  Softmax softmax(const file::Softmax& t) {
    return {.input = view(*t.input()), .output = view(*t.output()), .log = t.log()};
  }

  Reduce reduce(const file::Reduce& t) {
    return {.kind = enumerator<ReduceKind>(t.kind(), 5, "reduce kind"),
            .input = view(*t.input()),
            .output = view(*t.output())};
  }

  MatMul matmul(const file::MatMul& t) {
    return {.a = view(*t.a()),
            .b = view(*t.b()),
            .addend = optional_view(t.addend()),
            .output = view(*t.output()),
            .scale = t.scale(),
            .low = t.low(),
            .high = t.high(),
            .a_zero_point = t.a_zero_point(),
            .b_zero_point = t.b_zero_point(),
            .output_zero_point = t.output_zero_point()};
  }

  Compare compare(const file::Compare& t) {
    return {.kind = enumerator<CompareKind>(t.kind(), kCompareKindCount, "compare kind"),
            .a = view(*t.a()),
            .b = view(*t.b()),
            .output = view(*t.output())};
  }

  Select select(const file::Select& t) {
    return {view(*t.condition()), view(*t.a()), view(*t.b()), view(*t.output())};
  }

  Gather gather(const file::Gather& t) { return {view(*t.data()), view(*t.indices()), view(*t.output())}; }

  Scatter scatter(const file::Scatter& t) {
    return {view(*t.updates()), view(*t.indices()), view(*t.output())};
  }

  TopK topk(const file::TopK& t) { return {view(*t.input()), view(*t.output()), t.smallest()}; }

  Norm norm(const file::Norm& t) {
    return {.kind = enumerator<NormKind>(t.kind(), 2, "norm kind"),
            .input = view(*t.input()),
            .scale = optional_view(t.scale()),
            .shift = optional_view(t.shift()),
            .output = view(*t.output()),
            .epsilon = t.epsilon()};
  }

  Rotary rotary(const file::Rotary& t) {
    return {view(*t.input()), view(*t.cosine()), view(*t.sine()), view(*t.output()), t.interleaved()};
  }

  Resize resize(const file::Resize& t) {
    return {.input = view(*t.input()),
            .output = view(*t.output()),
            .rows = address(*t.rows()),
            .columns = address(*t.columns()),
            .taps_h = t.taps_h(),
            .taps_w = t.taps_w()};
  }

  GroupedMatMul grouped_matmul(const file::GroupedMatMul& t) {
    return {.input = view(*t.input()),
            .output = view(*t.output()),
            .weights = address(*t.weights()),
            .scale = address(*t.scale()),
            .init = address(*t.init()),
            .group = t.group(),
            .bits = t.bits(),
            .low = t.low(),
            .high = t.high()};
  }

  Sample sample(const file::Sample& t) { return {view(*t.input()), view(*t.choice()), view(*t.output())}; }

  Attention attention(const file::Attention& t) {
    return {.query = view(*t.query()),
            .keys = view(*t.keys()),
            .values = view(*t.values()),
            .pages = view(*t.pages()),
            .output = view(*t.output()),
            .lengths = t.lengths(),
            .scale = t.scale(),
            .causal = t.causal()};
  }

  Scan scan(const file::Scan& t) {
    return {.query = view(*t.query()),
            .rows = view(*t.rows()),
            .addend = optional_view(t.addend()),
            .output = view(*t.output()),
            .count = t.counted() ? std::optional(t.count()) : std::nullopt,
            .scale = t.scale(),
            .query_zero_point = t.query_zero_point(),
            .rows_zero_point = t.rows_zero_point()};
  }

  Copy copy(const file::Copy& t) {
    return {.source = view(*t.source()), .destination = view(*t.destination())};
  }

 private:
  template <class Enum>
  Enum enumerator(std::uint8_t value, std::size_t count, std::string_view what) {
    if (value < count) return static_cast<Enum>(value);
    if (problem_.empty()) problem_ = fmt::format("unknown {} {}", what, value);
    return Enum{};
  }

  Address address(const file::Address& a) {
    return {enumerator<Space>(a.space(), 4, "space"), a.core(), a.offset()};
  }

  View view(const file::View& v) {
    View result{.at = address(v.at()),
                .dtype = enumerator<DType>(v.dtype(), kDTypeCount, "element type"),
                .shape = {},
                .stride = {}};
    for (std::size_t d = 0; d < 4; ++d) {
      const auto i = static_cast<flatbuffers::uoffset_t>(d);
      result.shape[d] = v.shape()->Get(i);
      result.stride[d] = v.stride()->Get(i);
    }
    return result;
  }

  std::optional<View> optional_view(const file::View* v) {
    return v == nullptr ? std::nullopt : std::optional(view(*v));
  }

  static Window window(const file::Window& w) {
    return {w.kernel_h(),   w.kernel_w(),   w.stride_h(), w.stride_w(),
            w.dilation_h(), w.dilation_w(), w.pad_top(),  w.pad_left()};
  }

  template <class Convolution>
  Convolution convolution(const file::Convolution& t) {
    Convolution op{.input = view(*t.input()),
                   .output = view(*t.output()),
                   .weights = address(*t.weights()),
                   .init = address(*t.init()),
                   .window = window(*t.window()),
                   .pad_value = t.pad_value(),
                   .epilogue = {.scale = address(*t.scale()),
                                .inner = {},
                                .residual = {},
                                .low = t.low(),
                                .high = t.high(),
                                .output_zero_point = t.output_zero_point()}};
    if (t.inner() != nullptr)
      op.epilogue.inner = InnerQuantise{t.inner()->zero_point(), t.inner()->rescale()};
    if (t.residual() != nullptr)
      op.epilogue.residual =
          Residual{view(t.residual()->view()), t.residual()->scale(), t.residual()->zero_point()};
    return op;
  }

  std::string problem_;
};

}  // namespace

Result<Operation> decode_operation(const file::Instruction& in) {
  OperationDecoder decoder;
  Operation operation;
  // The verifier accepts a union of a type that it does not know, so the default case is for hostile files.
  switch (in.operation_type()) {
    case file::Operation::conv:
      operation = decoder.conv(*in.operation_as_conv());
      break;
    case file::Operation::depthwise_conv:
      operation = decoder.depthwise_conv(*in.operation_as_depthwise_conv());
      break;
    case file::Operation::pool:
      operation = decoder.pool(*in.operation_as_pool());
      break;
    case file::Operation::binary:
      operation = decoder.binary(*in.operation_as_binary());
      break;
    case file::Operation::unary:
      operation = decoder.unary(*in.operation_as_unary());
      break;
    case file::Operation::lut:
      operation = decoder.lut(*in.operation_as_lut());
      break;
    case file::Operation::convert:
      operation = decoder.convert(*in.operation_as_convert());
      break;
    case file::Operation::softmax:
      operation = decoder.softmax(*in.operation_as_softmax());
      break;
    case file::Operation::reduce:
      operation = decoder.reduce(*in.operation_as_reduce());
      break;
    case file::Operation::copy:
      operation = decoder.copy(*in.operation_as_copy());
      break;
    case file::Operation::matmul:
      operation = decoder.matmul(*in.operation_as_matmul());
      break;
    case file::Operation::compare:
      operation = decoder.compare(*in.operation_as_compare());
      break;
    case file::Operation::select:
      operation = decoder.select(*in.operation_as_select());
      break;
    case file::Operation::gather:
      operation = decoder.gather(*in.operation_as_gather());
      break;
    case file::Operation::scatter:
      operation = decoder.scatter(*in.operation_as_scatter());
      break;
    case file::Operation::topk:
      operation = decoder.topk(*in.operation_as_topk());
      break;
    case file::Operation::norm:
      operation = decoder.norm(*in.operation_as_norm());
      break;
    case file::Operation::rotary:
      operation = decoder.rotary(*in.operation_as_rotary());
      break;
    case file::Operation::resize:
      operation = decoder.resize(*in.operation_as_resize());
      break;
    case file::Operation::grouped_matmul:
      operation = decoder.grouped_matmul(*in.operation_as_grouped_matmul());
      break;
    case file::Operation::sample:
      operation = decoder.sample(*in.operation_as_sample());
      break;
    case file::Operation::attention:
      operation = decoder.attention(*in.operation_as_attention());
      break;
    case file::Operation::scan:
      operation = decoder.scan(*in.operation_as_scan());
      break;
    default:
      return fail(Code::kInvalidArgument, "unknown opcode {}", static_cast<int>(in.operation_type()));
  }
  if (!decoder.problem().empty()) return fail(Code::kInvalidArgument, "{}", decoder.problem());
  return operation;
}

}  // namespace chengying::isa
