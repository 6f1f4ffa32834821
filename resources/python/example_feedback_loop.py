"""A feedback loop of one's own around transformers' stock Qwen2.5-VL, recorded.

    python example_feedback_loop.py --model FOLDER --image a.png --question "..." --to a.lvrtrace

After the start id the last hidden state is fed back --latents times, then the model goes on in
text, greedily. Needs torch and transformers. The start and end ids are what the folder's config
says, or are given: any id can start a thought.
"""

import argparse

import torch
from PIL import Image
from transformers import AutoTokenizer, Qwen2_5_VLForConditionalGeneration, Qwen2VLImageProcessor

import lvrtrace


def prompt_of(tokenizer, question, grid, merge_size):
    """The chat prompt with as many image tokens as the picture has: [1, T]."""
    content = [{"type": "image"}, {"type": "text", "text": question}]
    text = tokenizer.apply_chat_template([{"role": "user", "content": content}], tokenize=False,
                                         add_generation_prompt=True)
    count = int(grid.prod()) // merge_size**2
    text = text.replace("<|image_pad|>", "<|image_pad|>" * count)
    return tokenizer(text, return_tensors="pt").input_ids


@torch.no_grad()
def answer(model, inputs, start_id, end_id, latents, most, record):
    """Reads the prompt once, then one position at a time: a latent or a token."""
    embed, stops = model.get_input_embeddings(), model.generation_config.eos_token_id
    stops = stops if isinstance(stops, list) else [stops]
    read = model.model(**inputs, use_cache=True)
    place = inputs["input_ids"].shape[1]
    starts = inputs["input_ids"][0, -1] == start_id
    fed = 0 if starts else latents  # in this thought; `latents`: there is none
    for step in range(most):
        hidden = read.last_hidden_state[:, -1:]                  # [1, 1, D], after the last norm
        logits = model.lm_head(hidden)[0, 0].float()             # [V]
        token = int(logits.argmax())
        thinks = fed < latents
        if not thinks:
            record.token(token, probability=logits.softmax(-1)[token], state=hidden)
            if token in stops:
                return record.finish("end_of_text")
            fed = 0 if token == start_id else latents
        next_input = hidden if thinks else embed(torch.tensor([[token]]))
        read = model.model(inputs_embeds=next_input, past_key_values=read.past_key_values,
                           cache_position=torch.tensor([place]), use_cache=True)
        place += 1
        if thinks:
            end_logit = model.lm_head(read.last_hidden_state[0, -1])[end_id]
            record.latent(hidden, shadow_id=token, end_probability=end_logit.sigmoid())
            fed += 1
    record.finish("max_new_tokens")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for name in ("--model", "--image", "--question", "--to"):
        parser.add_argument(name, required=True)
    parser.add_argument("--latents", type=int, default=8)
    parser.add_argument("--most", type=int, default=128, help="positions")
    parser.add_argument("--force-start", action="store_true", help="the prompt ends in the start id")
    parser.add_argument("--start-id", type=int)
    parser.add_argument("--end-id", type=int)
    given = parser.parse_args()

    model = Qwen2_5_VLForConditionalGeneration.from_pretrained(given.model, dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(given.model)
    processor = Qwen2VLImageProcessor.from_pretrained(given.model)
    picture = Image.open(given.image).convert("RGB")
    seen = processor(picture, return_tensors="pt")
    ids = prompt_of(tokenizer, given.question, seen.image_grid_thw, processor.merge_size)
    visual_tokens = model.model.get_image_features(seen.pixel_values, seen.image_grid_thw)

    start_id = model.config.lvr_start_id if given.start_id is None else given.start_id
    end_id = model.config.lvr_end_id if given.end_id is None else given.end_id
    if given.force_start:
        ids = torch.cat([ids, torch.tensor([[start_id]])], dim=1)
    with lvrtrace.Recorder(given.to, method="example_feedback_loop.py", model=given.model,
                           question=given.question, images=[picture], grids=seen.image_grid_thw,
                           merge_size=processor.merge_size, image_tokens=visual_tokens,
                           tokenizer=tokenizer) as record:
        answer(model.eval(), {"input_ids": ids, "attention_mask": torch.ones_like(ids), **seen},
               start_id, end_id, given.latents, given.most, record)
    print("wrote", given.to)


if __name__ == "__main__":
    main()
