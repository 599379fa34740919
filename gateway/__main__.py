"""`python -m gateway` is the console script."""

from gateway.wiring import main

if __name__ == "__main__":
    main()
