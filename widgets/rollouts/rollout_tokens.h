#pragma once

#include <vector>

#include "core/values/run.h"
#include "widgets/token_text.h"

namespace lvr {

// What a rollout generated, position by position: words on a tint that is the stronger the less
// likely they were, latents as numbered blocks to click. Left and right move between the latents.
class RolloutTokens : public TokenText {
    Q_OBJECT
public:
    explicit RolloutTokens(QWidget* parent = nullptr);

    void show(const std::vector<RolloutToken>& tokens);
    void selectLatent(int latent);  // kNone: none
    int selectedLatent() const { return selected_; }

Q_SIGNALS:
    void latentSelected(int latent);  // by the person; kNone when the selected one is clicked again

protected:
    void keyPressEvent(QKeyEvent* event) override;
    void changeEvent(QEvent* event) override;

    QString about(int piece) const override;
    void latentClicked(int latent) override { choose(latent); }

private:
    QTextCharFormat formatOf(const RolloutToken& token, bool selected) const;
    void append(const RolloutToken& token, QTextCursor& end);
    void tint(int piece);
    void choose(int latent);

    std::vector<RolloutToken> tokens_;  // a piece each
    int selected_ = kNone;
};

}  // namespace lvr
