#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace lvr {

// How `lvr model quantize` leaves the Linears of a language model. config.json says
//   "quantization_config": {"quant_method": "lvr", "bits": 4, "group_size": 32}
// and model.safetensors has, in place of a Linear's weight [out, in]:
//   NAME.weight        8 bits: I8 [out, in]; 4 bits: U8 [out, in / 2], two weights a byte, ordered
//                      as core/kernels/weight_matrix.h says
//   NAME.weight_scale  BF16 [out, in / group_size]
// The same holds for the embeddings of a tied model, which are its head. A weight is its integer
// (with 4 bits: less 8) times its group's scale. Everything else is as in the checkpoint it was
// made from: the embeddings of others, vision tower, norms, biases, the LVR parts.
struct Quantisation {
    int bits = 8;             // 8 or 4
    std::int64_t group = 32;  // weights of a row that share a scale; 32 or a multiple of it
    bool operator==(const Quantisation&) const = default;
};

// In how many bits a weight that is multiplied with lies there, of a Linear with `in` inputs or of
// embeddings that are the head, too; 0: as it was. name: canonical,
// "model.layers.0.mlp.up_proj.weight". Integers are all Linears of model.layers.* and, in 8 bits,
// the head, as far as the group divides their inputs.
int bitsOf(const Quantisation& quantisation, const std::string& name, std::int64_t in);

// Throws Error: bits or a group that there are not.
void check(const Quantisation& quantisation);

// What config.json says; nothing where another method or none is named. Throws Error naming the
// field: other bits, another group, a field that is not ours.
std::optional<Quantisation> readQuantisation(const std::filesystem::path& folder);
// Adds it to the folder's config.json.
void writeQuantisation(const Quantisation& quantisation, const std::filesystem::path& folder);

std::string toText(const Quantisation& quantisation);  // "int4, groups of 32"

}  // namespace lvr
