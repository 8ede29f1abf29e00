// Operators that ONNX has and that can't be computed here: why, and what would help.
#include <algorithm>

#include "compiler/import/operators.h"

namespace chengying::compiler {
namespace {

constexpr std::string_view kDataSized =
    "how large its result is depends on the data, and a program's shapes are fixed; end the model before it, "
    "and do "
    "the rest outside";
constexpr std::string_view kStrings =
    "strings are not computed with; turn them into numbers before the model";
constexpr std::string_view kSequences =
    "sequences, optionals and maps are not tensors; export the model with plain tensors";
constexpr std::string_view kRandom =
    "the same input must always give the same answer; make the random numbers an input";
constexpr std::string_view kTraining = "it is for training; export the model for inference";
struct Row {
  std::string_view domain, op, reason;
};

constexpr Row kReasons[] = {
    {"", "NonMaxSuppression", kDataSized},
    {"", "Unique", kDataSized},
    {"", "StringNormalizer", kStrings},
    {"", "TfIdfVectorizer", "n-grams are not counted on the chip; count them before the model"},
    {"", "SequenceAt", kSequences},
    {"", "SequenceConstruct", kSequences},
    {"", "SequenceEmpty", kSequences},
    {"", "SequenceErase", kSequences},
    {"", "SequenceInsert", kSequences},
    {"", "SequenceLength", kSequences},
    {"", "SequenceMap", kSequences},
    {"", "SplitToSequence", kSequences},
    {"", "ConcatFromSequence", kSequences},
    {"", "Optional", kSequences},
    {"", "OptionalGetElement", kSequences},
    {"", "OptionalHasElement", kSequences},
    {"", "Bernoulli", kRandom},
    {"", "Multinomial", kRandom},
    {"", "RandomNormal", kRandom},
    {"", "RandomNormalLike", kRandom},
    {"", "RandomUniform", kRandom},
    {"", "RandomUniformLike", kRandom},
    {"", "NegativeLogLikelihoodLoss", kTraining},
    {"", "SoftmaxCrossEntropyLoss", kTraining},
    {"ai.onnx.preview.training", "Adagrad", kTraining},
    {"ai.onnx.preview.training", "Adam", kTraining},
    {"ai.onnx.preview.training", "Gradient", kTraining},
    {"ai.onnx.preview.training", "Momentum", kTraining},
    {"", "BitShift", "bits are not shifted; multiply or divide by powers of two"},
    {"", "BitwiseAnd", "bits are not computed with"},
    {"", "BitwiseNot", "bits are not computed with"},
    {"", "BitwiseOr", "bits are not computed with"},
    {"", "BitwiseXor", "bits are not computed with"},
    {"", "Det", "determinants are not computed; give the matrix's determinant as an input"},
    {"", "TopK", "the largest of many are not searched on the chip yet; end the model before it"},
};

}  // namespace

std::string_view reason_against(std::string_view domain, std::string_view op) {
  const auto* row =
      std::ranges::find_if(kReasons, [&](const Row& r) { return r.domain == domain && r.op == op; });
  return row == std::end(kReasons) ? std::string_view() : row->reason;
}

}  // namespace chengying::compiler
