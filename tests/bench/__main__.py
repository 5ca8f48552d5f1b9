"""The benchmark's door; processes that it starts import nothing through it."""

if __name__ == "__main__":
    from tests.bench.run import main

    main()
