#pragma once

#include <string>
#include <vector>

#include "core/values/trace.h"
#include "widgets/token_text.h"

namespace lvr {

// The answer as it is generated: words as text, latent steps as chips to click. Pointing at either
// tells its probability, norm and P(end); so do the arrow keys, which go from position to position
// and select the latent steps they come to.
class TokenStream : public TokenText {
    Q_OBJECT
public:
    explicit TokenStream(QWidget* parent = nullptr);

    void clear();
    // Of the model that answers, by its name: a copied latent is that method's token.
    void setDialect(const std::string& name) { dialect_ = name; }
    void append(const DecodeStep& step);
    void show(const Trace& trace);
    void selectStep(int latentStep);      // -1: none
    int position() const { return at_; }  // where the arrow keys are; -1: nowhere

Q_SIGNALS:
    void stepSelected(int latentStep);

protected:
    void mouseMoveEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;
    void changeEvent(QEvent* event) override;
    QMimeData* createMimeDataFromSelection() const override;
    QString about(int piece) const override { return about_[piece]; }
    void latentClicked(int latent) override { Q_EMIT stepSelected(latent); }

private:
    void goTo(int position);
    void recolour();
    void showPlace();
    void add(const DecodeStep& step, const TextStep& text);
    void add(const DecodeStep& step, const LatentStep& latent);

    std::vector<QString> about_;  // a piece each
    QString said_;                // all of it, for those who hear it
    std::string dialect_ = "lvr";
    int selected_ = -1;
    int at_ = -1;  // index into the pieces
};

}  // namespace lvr
