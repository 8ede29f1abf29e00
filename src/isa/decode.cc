// Bytes to executable, bytes from anywhere: each step checks what the next relies on.
#include <executable_generated.h>

#include <algorithm>

#include "base/file.h"
#include "isa/decode_operation.h"
#include "isa/executable_header.h"
#include "isa/limits.h"
#include "isa/program.h"

namespace chengying::isa {
namespace {

constexpr std::size_t kConstantsAlignment = 64;

/// Decodes one executable. Counts what offsets may share in the file but copies in memory: instructions,
/// waits and text, so that a small file cannot become a large executable.
class Decoder {
 public:
  Status decode(const file::Executable& in, Executable& out) {
    TRY(count("programs", in.programs()->size(), 1, limits::kPrograms));
    TRY(count("layers", in.layers()->size(), 0, limits::kLayers));
    TRY(count("metadata entries", in.metadata()->size(), 0, limits::kMetadataEntries));
    TRY(count("cores", in.cores(), 1, limits::kCores));
    TRY_ASSIGN(out.chip, name("chip", *in.chip()));
    if (in.chip_digest()->size() != out.chip_digest.bytes.size())
      return fail(Code::kInvalidArgument, "a chip digest of {} bytes, {} are expected",
                  in.chip_digest()->size(), out.chip_digest.bytes.size());
    std::copy(in.chip_digest()->begin(), in.chip_digest()->end(), out.chip_digest.bytes.begin());
    out.cores = in.cores();
    for (const file::Layer* layer : *in.layers()) {
      TRY_ASSIGN(std::string layer_name, name("layer", *layer->name()));
      TRY_ASSIGN(std::string operation, name("layer operation", *layer->operation()));
      out.layers.push_back({std::move(layer_name), std::move(operation), layer->macs()});
    }
    TRY(decode_metadata(*in.metadata(), out));
    for (const file::Program* program : *in.programs()) {
      out.programs.emplace_back();
      if (Status decoded = decode_program(*program, out.programs.back()); !decoded)
        return within(fmt::format("program {}", out.programs.size() - 1), std::move(decoded).error());
    }
    return {};
  }

 private:
  static Status count(std::string_view what, std::size_t found, std::size_t lowest, std::size_t highest) {
    if (found >= lowest && found <= highest) return {};
    return fail(found > highest ? Code::kTooLarge : Code::kInvalidArgument, "{} {}; allowed: {} to {}", found,
                what, lowest, highest);
  }

  /// FlatBuffers' verifier checks where a vector's length lies, not where its elements do.
  template <class Vector>
  static Status aligned(std::string_view what, const Vector& elements) {
    constexpr std::uintptr_t kAlignment = 8;  // of all elements that are larger than a length
    if (elements.size() == 0 || reinterpret_cast<std::uintptr_t>(elements.Data()) % kAlignment == 0)
      return {};
    return fail(Code::kInvalidArgument, "{} that do not lie at a multiple of {} bytes", what, kAlignment);
  }

  Result<std::string> name(std::string_view what, const flatbuffers::String& text) {
    if (text.size() > limits::kNameBytes)
      return fail(Code::kTooLarge, "a {} name of {} bytes, the limit is {}", what, text.size(),
                  limits::kNameBytes);
    return counted_text(text);
  }

  Result<std::string> counted_text(const flatbuffers::String& text) {
    text_bytes_ += text.size();
    if (text_bytes_ > limits::kTextBytes)
      return fail(Code::kTooLarge, "more than {} bytes of names and metadata", limits::kTextBytes);
    return text.str();
  }

  Status decode_metadata(const flatbuffers::Vector<flatbuffers::Offset<file::Entry>>& entries,
                         Executable& out) {
    for (const file::Entry* entry : entries) {
      TRY_ASSIGN(std::string key, name("metadata", *entry->key()));
      TRY_ASSIGN(std::string value, counted_text(*entry->value()));
      if (!out.metadata.emplace(key, std::move(value)).second)
        return fail(Code::kInvalidArgument, "metadata has two entries '{}'", key);
    }
    return {};
  }

  Status decode_program(const file::Program& in, Program& out) {
    TRY(count("cores with scratch", in.sram_bytes()->size(), 0, limits::kCores));
    TRY(count("residences", in.residences()->size(), 0, limits::kResidences));
    TRY(aligned("sizes of scratch", *in.sram_bytes()));
    TRY(aligned("residences", *in.residences()));
    if (in.batch() < 1 || in.batch() > limits::kBatch)
      return fail(Code::kInvalidArgument, "batch {}; allowed: 1 to {}", in.batch(), limits::kBatch);
    out.batch = in.batch();
    out.dram_bytes = in.dram_bytes();
    out.sram_bytes.assign(in.sram_bytes()->begin(), in.sram_bytes()->end());
    TRY(decode_bindings("inputs", *in.inputs(), out.inputs));
    TRY(decode_bindings("outputs", *in.outputs(), out.outputs));
    for (const file::Residence* r : *in.residences()) {
      if (r->space() != static_cast<int>(Space::kDram) && r->space() != static_cast<int>(Space::kSram))
        return fail(Code::kInvalidArgument, "residence in space {}; DRAM or SRAM is expected", r->space());
      out.residences.push_back(
          {r->constant_offset(), r->bytes(), static_cast<Space>(r->space()), r->core(), r->offset()});
    }
    out.state_bytes = in.state_bytes();
    if (in.arguments() != nullptr) TRY(decode_arguments(*in.arguments(), out));
    return decode_instructions(*in.instructions(), out);
  }

  Status decode_arguments(const flatbuffers::Vector<flatbuffers::Offset<file::Argument>>& in, Program& out) {
    TRY(count("arguments", in.size(), 0, limits::kArguments));
    for (const file::Argument* argument : in) {
      TRY_ASSIGN(std::string argument_name, name("argument", *argument->name()));
      out.arguments.push_back({std::move(argument_name), argument->low(), argument->high()});
    }
    return {};
  }

  Status decode_bindings(std::string_view what,
                         const flatbuffers::Vector<flatbuffers::Offset<file::Binding>>& in,
                         std::vector<Binding>& out) {
    TRY(count(what, in.size(), 0, limits::kBindings));
    for (const file::Binding* binding : in) {
      TRY_ASSIGN(std::string binding_name, name("tensor", *binding->name()));
      if (binding->dtype() >= kDTypeCount)
        return fail(Code::kInvalidArgument, "'{}' has unknown element type {}", binding_name,
                    binding->dtype());
      if (binding->shape()->size() > limits::kRank)
        return fail(Code::kTooLarge, "'{}' has {} dimensions, the limit is {}", binding_name,
                    binding->shape()->size(), limits::kRank);
      TRY(aligned("dimensions", *binding->shape()));
      Shape shape(binding->shape()->begin(), binding->shape()->end());
      if (const auto elements = element_count(shape); !elements)
        return within(binding_name, elements.error());
      out.push_back({std::move(binding_name), static_cast<DType>(binding->dtype()), std::move(shape),
                     binding->offset()});
    }
    return {};
  }

  Status decode_instructions(const flatbuffers::Vector<flatbuffers::Offset<file::Instruction>>& in,
                             Program& out) {
    instructions_ += in.size();
    TRY(count("instructions", instructions_, 0, limits::kInstructions));
    out.instructions.reserve(in.size());
    for (const file::Instruction* instruction : in) {
      Result<Operation> operation = decode_operation(*instruction);
      if (!operation)
        return within(fmt::format("instruction {}", out.instructions.size()), std::move(operation).error());
      Instruction& decoded = out.instructions.emplace_back(
          instruction->core(), instruction->layer(), std::vector<std::uint32_t>(), *std::move(operation));
      if (instruction->waits() == nullptr) continue;
      waits_ += instruction->waits()->size();
      TRY(count("waits", waits_, 0, limits::kWaits));
      decoded.waits.assign(instruction->waits()->begin(), instruction->waits()->end());
    }
    return {};
  }

  std::size_t text_bytes_ = 0, instructions_ = 0, waits_ = 0;
};

Result<Executable> decode_aligned(std::span<const std::byte> bytes, std::shared_ptr<const void> owner) {
  TRY_ASSIGN(const ExecutableHeader header, read_header(bytes));
  const auto block = bytes.subspan(kHeaderBytes, header.program_bytes);
  // Each instruction is two tables, and each other item one.
  constexpr flatbuffers::uoffset_t kMaxDepth = 8,
                                   kMaxTables = 2 * limits::kInstructions + 2 * limits::kLayers;
  flatbuffers::Verifier verifier(reinterpret_cast<const std::uint8_t*>(block.data()), block.size(), kMaxDepth,
                                 kMaxTables);
  if (block.empty() || !verifier.VerifyBuffer<file::Executable>(nullptr))
    return fail(Code::kInvalidArgument, "executable: its program block is not well-formed");
  Executable executable;
  const auto* root = flatbuffers::GetRoot<file::Executable>(block.data());
  if (Status decoded = Decoder().decode(*root, executable); !decoded)
    return within("executable", std::move(decoded).error());
  executable.constants = bytes.subspan(header.constant_offset(), header.constant_bytes);
  executable.constants_owner = std::move(owner);
  executable.digest = sha256(bytes);
  return executable;
}

}  // namespace

Result<Executable> decode(std::span<const std::byte> bytes, std::shared_ptr<const void> owner) {
  // A mapped file is aligned; bytes from elsewhere may not be, and are then copied.
  if (reinterpret_cast<std::uintptr_t>(bytes.data()) % kConstantsAlignment == 0)
    return decode_aligned(bytes, std::move(owner));
  auto copy = std::make_shared<AlignedBytes>(bytes.size());
  std::ranges::copy(bytes, copy->data());
  const std::span<const std::byte> aligned = copy->span();
  return decode_aligned(aligned, std::move(copy));
}

Result<Executable> load_executable(const std::filesystem::path& path) {
  TRY_ASSIGN(MappedFile mapped, MappedFile::open(path));
  auto owner = std::make_shared<MappedFile>(std::move(mapped));
  const std::span<const std::byte> bytes = owner->bytes();
  Result<Executable> executable = decode(bytes, std::move(owner));
  if (!executable) return within(path.string(), std::move(executable).error());
  return executable;
}

}  // namespace chengying::isa
