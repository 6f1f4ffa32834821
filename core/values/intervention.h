#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/values/image.h"

namespace lvr {

// What is done to the latents of a question, or to what its answer can see, while it is decoded.
enum class InterventionKind {
    Own,              // nothing
    Zero,             // zeros are fed
    Mean,             // the mean latent of a set
    Noise,            // Gaussian of the latents' own mean and spread
    Shuffle,          // its own latents in another order
    Freeze,           // from the given step on the latent of that step
    RepeatFirst,      // its first latent in every slot
    OtherPicture,     // those of a question about another picture
    OtherQuestion,    // those of another question on the same picture
    RandomPatches,    // visual tokens of random places of the same picture
    Oracle,           // the visual tokens of the right regions
    Transplant,       // of another question on the same picture: a chain's first latent, else all
    Snap,             // the picture's visual token nearest to each
    Regions,          // the visual tokens of regions that somebody drew
    MarkersOnly,      // lvr_start and lvr_end with nothing between
    SpanRemoved,      // not even the markers
    EvidenceRemoved,  // after the latents nobody sees the prompt and its pictures any more
    PictureBlack,     // the first picture is black; the latents are those of the whole one
    TargetOccluded,   // the right region is covered, beside 32 covers of its size elsewhere
};

// One of them with its strength and its steps.
struct Intervention {
    InterventionKind kind = InterventionKind::Own;
    // Of what replaces latents, how much: (1 - strength) own + strength replacement. Noise of a
    // strength s has s times the latents' spread and lies around (1 - s) own + s mean, from 1 on
    // around the mean.
    double strength = 1;
    int first = 0, last = -1;       // latent steps, from 0 over all thoughts; -1: to the last one
    std::uint64_t seed = 0;         // of Noise, Shuffle, RandomPatches and TargetOccluded
    std::vector<Box> regions = {};  // of Regions
    bool operator==(const Intervention&) const = default;

    bool covers(int step) const { return step >= first && (last < 0 || step <= last); }
};

// "zero", "noise:0.5" (strength), "freeze@3" (from the third latent on), "other-picture@2-4" (the
// second to the fourth), "zero@3-", "noise:2#7" (seed). Steps are counted from 1 here. "swap" is
// other-picture and "none" markers-only. Regions are not in the text. Throws Error that names the
// nearest valid one, and for a strength or steps that this one has not.
Intervention parseIntervention(const std::string& text);
std::string toText(const Intervention& intervention);
std::string nameOf(InterventionKind kind);   // "other-picture"
std::string wordsOf(InterventionKind kind);  // "another picture's latents"
std::vector<std::string> interventionNames();

// Whether it puts other vectors into the slots; the others change what is seen.
bool replacesLatents(InterventionKind kind);
// Whether less of it can be done, and whether chance is in it.
bool hasStrength(InterventionKind kind);
bool hasSeed(InterventionKind kind);
// Whether it needs the latents of somebody else.
bool needsDonor(InterventionKind kind);

// What every panel asks unless something else is said; the last four are noise in four strengths.
std::vector<Intervention> standardPanel();

}  // namespace lvr
