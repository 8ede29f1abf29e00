#include "compiler/import/operators.h"

#include <algorithm>

namespace chengying::compiler {
namespace {

struct Row {
  std::string_view domain, op;
  Lower lower;
};

constexpr std::string_view kOnnx;
constexpr std::string_view kMicrosoft = "com.microsoft";

constexpr Row kOperators[] = {
    // matrix products and what belongs to them
    {kOnnx, "Conv", lower_conv},
    {kOnnx, "ConvTranspose", refuse_conv_transpose},
    {kOnnx, "Gemm", lower_gemm},
    {kOnnx, "MatMul", lower_matmul},
    {kOnnx, "BatchNormalization", lower_batch_normalization},
    {kOnnx, "LRN", lower_lrn},
    // pooling
    {kOnnx, "MaxPool", lower_max_pool},
    {kOnnx, "AveragePool", lower_average_pool},
    {kOnnx, "GlobalAveragePool", lower_global_pool},
    {kOnnx, "GlobalMaxPool", lower_global_pool},
    // element by element
    {kOnnx, "Relu", lower_unary},
    {kOnnx, "LeakyRelu", lower_unary},
    {kOnnx, "Elu", lower_unary},
    {kOnnx, "Sigmoid", lower_unary},
    {kOnnx, "HardSigmoid", lower_unary},
    {kOnnx, "HardSwish", lower_unary},
    {kOnnx, "Tanh", lower_unary},
    {kOnnx, "Exp", lower_unary},
    {kOnnx, "Log", lower_unary},
    {kOnnx, "Sqrt", lower_unary},
    {kOnnx, "Reciprocal", lower_unary},
    {kOnnx, "Neg", lower_unary},
    {kOnnx, "Abs", lower_unary},
    {kOnnx, "Erf", lower_unary},
    {kOnnx, "Softplus", lower_unary},
    {kOnnx, "Mish", lower_unary},
    {kOnnx, "Floor", lower_unary},
    {kOnnx, "Ceil", lower_unary},
    {kOnnx, "Round", lower_unary},
    {kOnnx, "Clip", lower_clip},
    {kOnnx, "PRelu", lower_prelu},
    {kOnnx, "Gelu", lower_gelu},
    {kMicrosoft, "Gelu", lower_gelu},
    {kOnnx, "Add", lower_binary},
    {kOnnx, "Sub", lower_binary},
    {kOnnx, "Mul", lower_binary},
    {kOnnx, "Div", lower_binary},
    {kOnnx, "Pow", lower_binary},
    {kOnnx, "Max", lower_variadic},
    {kOnnx, "Min", lower_variadic},
    {kOnnx, "Sum", lower_variadic},
    {kOnnx, "Mean", lower_variadic},
    // reductions
    {kOnnx, "ReduceMean", lower_reduce},
    {kOnnx, "ReduceSum", lower_reduce},
    {kOnnx, "ReduceMax", lower_reduce},
    {kOnnx, "ReduceMin", lower_reduce},
    {kOnnx, "ReduceSumSquare", lower_reduce},
    {kOnnx, "ReduceProd", lower_reduce},
    {kOnnx, "Softmax", lower_softmax},
    {kOnnx, "LogSoftmax", lower_softmax},
    // moves
    {kOnnx, "Reshape", lower_reshape},
    {kOnnx, "Flatten", lower_flatten},
    {kOnnx, "Squeeze", lower_squeeze},
    {kOnnx, "Unsqueeze", lower_unsqueeze},
    {kOnnx, "Transpose", lower_transpose},
    {kOnnx, "Identity", lower_identity},
    {kOnnx, "Dropout", lower_dropout},
    {kOnnx, "Concat", lower_concat},
    {kOnnx, "Split", lower_split},
    {kOnnx, "Slice", lower_slice},
    {kOnnx, "Pad", lower_pad},
    {kOnnx, "Gather", lower_gather},
    {kOnnx, "Expand", lower_expand},
    {kOnnx, "Resize", lower_resize},
    {kOnnx, "Upsample", lower_resize},
    // what is known before it runs
    {kOnnx, "Constant", lower_constant},
    {kOnnx, "ConstantOfShape", lower_constant_of_shape},
    {kOnnx, "Shape", lower_shape},
    {kOnnx, "Cast", lower_cast},
    {kOnnx, "Range", lower_range},
    {kOnnx, "Equal", lower_compare},
    {kOnnx, "Less", lower_compare},
    {kOnnx, "Greater", lower_compare},
    {kOnnx, "Where", lower_where},
    // quantised
    {kOnnx, "QuantizeLinear", lower_quantize_linear},
    {kOnnx, "DequantizeLinear", lower_dequantize_linear},
    {kMicrosoft, "QuantizeLinear", lower_quantize_linear},
    {kMicrosoft, "DequantizeLinear", lower_dequantize_linear},
    {kOnnx, "QLinearConv", lower_qlinear_conv},
    {kOnnx, "QLinearMatMul", lower_qlinear_matmul},
    {kMicrosoft, "QGemm", lower_qgemm},
    {kMicrosoft, "QLinearAdd", lower_qlinear_binary},
    {kMicrosoft, "QLinearMul", lower_qlinear_binary},
    {kMicrosoft, "QLinearLeakyRelu", lower_qlinear_unary},
    {kMicrosoft, "QLinearSigmoid", lower_qlinear_unary},
    {kMicrosoft, "QLinearGlobalAveragePool", lower_qlinear_pool},
    {kMicrosoft, "QLinearAveragePool", lower_qlinear_pool},
    {kMicrosoft, "QLinearConcat", lower_qlinear_concat},
    {kOnnx, "ConvInteger", refuse_dynamic_quantisation},
    {kOnnx, "MatMulInteger", refuse_dynamic_quantisation},
    {kOnnx, "DynamicQuantizeLinear", refuse_dynamic_quantisation},
};

}  // namespace

Lower find_operator(std::string_view domain, std::string_view op) {
  const auto* row =
      std::ranges::find_if(kOperators, [&](const Row& r) { return r.domain == domain && r.op == op; });
  return row == std::end(kOperators) ? nullptr : row->lower;
}

}  // namespace chengying::compiler
